"""How deep local optima are: by how much one must climb out of each before the way to a better one is free."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.basins import Basins
from hpowh.analyses.landscapes.values import Metric, metric

MAX_PAIRS = 3_000_000
"""Landscapes with more pairs of neighbours have no depths."""


def depths(surface: Surface, basins: Basins, pair_count: int) -> NDArray[np.float64] | None:
    """Return for each optimum of `basins.optima` the height of the lowest pass to a better one above its own loss.

    This is the persistence of the connected components of the landscape's sublevel sets (Edelsbrunner, Letscher and
    Zomorodian 2002): where two basins meet, the one with the worse optimum ends. Infinite for an optimum from which no
    path leads to a better one, the best of all among them; of equal ones the first is taken to be better. None where
    there are too many pairs.

    Args:
        pair_count: of neighbours.
    """
    if pair_count > MAX_PAIRS:
        return None
    climbs = np.full(basins.optima.size, np.inf)
    order = np.lexsort((basins.optima, surface.loss[basins.optima]))
    standing = np.empty(order.size, dtype=np.int64)
    standing[order] = np.arange(order.size)
    root = np.arange(order.size)

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = int(root[one])
        return one

    for a, b, height in zip(*_passes(surface, basins), strict=True):
        better, worse = find(int(a)), find(int(b))
        if better == worse:
            continue
        if standing[worse] < standing[better]:
            better, worse = worse, better
        root[worse] = better
        climbs[worse] = float(height) - float(surface.loss[basins.optima[worse]])
    return climbs


def _passes(surface: Surface, basins: Basins) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return pairs of basins (by their place in `optima`) that meet, and the lowest pass between them, lowest first.

    Within a basin a descent never climbs, so that the lowest pass between two optima lies where their basins meet.
    """
    first, second, _ = neighbour_pairs(surface.space, surface.ranks)
    count = basins.optima.size
    place = np.empty(surface.size, dtype=np.int64)
    place[basins.optima] = np.arange(count)
    of = place[basins.basin]
    a, b = of[first], of[second]
    meets = np.flatnonzero(a != b)
    a, b = a[meets], b[meets]
    height = np.maximum(surface.loss[first[meets]], surface.loss[second[meets]])
    both = np.minimum(a, b) * count + np.maximum(a, b)
    order = np.argsort(both)
    both, height = both[order], height[order]
    starts = np.flatnonzero(np.concatenate(([True], both[1:] != both[:-1]))) if both.size else meets
    low, high = np.divmod(both[starts], count)
    lowest = np.minimum.reduceat(height, starts) if both.size else height
    by_height = np.argsort(lowest, kind="stable")
    return low[by_height], high[by_height], lowest[by_height]


def depth_metrics(depth: NDArray[np.float64] | None, epsilon: float) -> list[Metric]:
    """Return how many optima are deeper than the neutrality threshold, and the median depth of those that have one."""
    if depth is None:
        why = f"there are more than {MAX_PAIRS:,} pairs of neighbours"
        return [Metric(name=name, value=None, reason=why) for name in ("n_lo_deep", "depth_median")]
    known = depth[np.isfinite(depth)]
    return [
        metric("n_lo_deep", float(np.count_nonzero(depth > epsilon))),
        metric("depth_median", float(np.median(known)) if known.size else None, "there is no better optimum to go to"),
    ]
