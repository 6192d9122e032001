"""How neutral configurations are, and how far from the optimum: two small numbers each, counted jointly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.one.nodes import Nodes
from hpowh.analyses.landscapes.values import weighted_pearson

MAX_CODES = 4_000_000
"""Combinations of degree, neutral neighbours and distance that are counted in an array; beyond it they are sorted."""


@dataclass(frozen=True)
class SharesByDistance:
    """Every occurring pair of a share of neutral neighbours and a distance to the optimum, with its count.

    Millions of configurations have a few hundred such pairs: means, ranks and correlations are those of the table.
    Configurations without neighbours have no share and are left out.
    """

    share: NDArray[np.float64]
    distance: NDArray[np.int64]
    count: NDArray[np.int64]

    def share_median(self) -> float:
        """Return the median share."""
        order = np.argsort(self.share)
        ends = np.cumsum(self.count[order])
        total = int(ends[-1])
        low, high = np.searchsorted(ends, [(total + 1) // 2, total // 2 + 1])
        return float(self.share[order[low]] + self.share[order[high]]) / 2

    def share_sd(self) -> float:
        """Return the standard deviation of the shares (of all, not of a sample)."""
        total = self.count.sum()
        centred = self.share - np.sum(self.count * self.share) / total
        return float(np.sqrt(np.sum(self.count * centred * centred) / total))

    def correlation(self, *, by_rank: bool) -> float | None:
        """Return the correlation of share and distance (Spearman or Pearson); None where one of them is constant."""
        x, y = self.share, self.distance.astype(np.float64)
        if by_rank:
            x, y = self._ranks(x), self._ranks(y)
        return weighted_pearson(x, y, self.count)

    def _ranks(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean rank of each entry's value among all configurations."""
        _, position = np.unique(values, return_inverse=True)
        counts = np.bincount(position, weights=self.count)
        ends = np.cumsum(counts)
        return (ends - (counts - 1) / 2)[position]


def shares_by_distance(nodes: Nodes) -> SharesByDistance:
    """Count how many configurations have which share of neutral neighbours at which distance."""
    degrees, distances = int(nodes.degree.max()) + 1, int(nodes.distance.max()) + 1
    if degrees * degrees * distances <= MAX_CODES:
        code = nodes.degree * np.int32(degrees) + nodes.scan.neutral
        code *= np.int32(distances)
        code += nodes.distance
        counts = np.bincount(code, minlength=degrees * degrees * distances)
        found = np.flatnonzero(counts)
        counts = counts[found]
        degree, rest = np.divmod(found, degrees * distances)
        neutral, distance = np.divmod(rest, distances)
    else:
        columns = np.stack((nodes.degree, nodes.scan.neutral, nodes.distance))
        (degree, neutral, distance), counts = np.unique(columns, axis=1, return_counts=True)
    linked = degree > 0
    return SharesByDistance(
        neutral[linked] / degree[linked], distance[linked].astype(np.int64), counts[linked].astype(np.int64)
    )
