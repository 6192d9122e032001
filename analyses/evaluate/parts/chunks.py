"""Chunks: what parts share out. All parts make the same chunks of a plan, from its forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.storing.layout import Layout

MOST_CHUNKS = 50_000
"""So many chunks are aimed at, so that each of a thousand parts has fifty."""
LEAST_SECONDS = 2.0
MOST_SECONDS = 1800.0
MOST_UNITS = 20_000
UNKNOWN_SECONDS = 1.0
"""What a unit counts for where no unit of any kind has been measured."""

Kind = tuple[int, int]
"""(model, data set): units of one kind take about as long."""


@dataclass(frozen=True, kw_only=True)
class ChunkTable:
    """The chunks of a plan, numbered group by group."""

    layout: Layout
    counts: tuple[int, ...]
    """How many chunks each group has."""
    starts: NDArray[np.int64]
    """The number of each group's first chunk, and of all chunks."""
    mixed: tuple[NDArray[np.int32], ...]
    """The configurations of each model in the order in which its chunks are cut out of them."""
    unit_seconds: NDArray[np.float64]
    """How long a unit of each group takes by the forecast."""
    seconds: NDArray[np.float64]
    """How long a chunk of each group takes by the forecast."""
    name: str
    """Changes whenever the chunks do: what one table calls chunk 7 is another chunk in another."""

    def __len__(self) -> int:
        return int(self.starts[-1])

    def group_of(self, chunk: int) -> int:
        """The group that a chunk is of."""
        return int(np.searchsorted(self.starts, chunk, side="right")) - 1

    def units(self, chunk: int) -> tuple[int, Sequence[int]]:
        """Return the group and the ranks of a chunk."""
        group = self.group_of(chunk)
        places = self.mixed[self.layout.groups[group][0]][chunk - int(self.starts[group]) :: self.counts[group]]
        ranks = self.layout.ranks_of(group)
        return group, places.tolist() if isinstance(ranks, range) else [ranks[place] for place in places.tolist()]

    def forecast(self, chunk: int) -> float:
        """Return how many seconds a chunk takes by the forecast."""
        return float(self.seconds[self.group_of(chunk)])

    def order(self) -> NDArray[np.int64]:
        """Return all chunks, those whose units take longest first, and at random among equals; the same for every part.

        Dealt out in this order, each part has as many of each kind as every other, and in the end only short units are
        left, which can still be shared out evenly (Graham 1969, SIAM J. Appl. Math. 17, 416: longest first).
        """
        mixed = np.random.Generator(np.random.PCG64(len(self))).permutation(len(self))
        each = np.repeat(self.unit_seconds, self.counts)[mixed]
        return mixed[np.argsort(-each, kind="stable")]


def make_chunks(layout: Layout, means: Mapping[Kind, float]) -> ChunkTable:
    """Return the chunks of a plan.

    A chunk takes configurations at random, so that all chunks of a group have cheap and dear ones alike, whatever
    hyperparameter the time hangs on.

    Args:
        means: seconds of a unit of each kind, as forecast; a kind that is not there counts as the mean of the others.
    """
    average = float(np.mean(list(means.values()))) if means else UNKNOWN_SECONDS
    each = [max(means.get(layout.kind(group), average), 1e-6) for group in range(len(layout.groups))]
    sizes = layout.sizes
    total = sum(size * mean for size, mean in zip(sizes, each, strict=True))
    target = min(max(total / MOST_CHUNKS, LEAST_SECONDS), MOST_SECONDS)
    counts = [_pieces(size, target / mean) for size, mean in zip(sizes, each, strict=True)]
    seconds = [mean * size / count if count else 0.0 for size, mean, count in zip(sizes, each, counts, strict=True)]
    return ChunkTable(
        layout=layout,
        counts=tuple(counts),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        mixed=tuple(_mixed(len(ranks)) for ranks in layout.ranks),
        unit_seconds=np.array(each),
        seconds=np.array(seconds),
        name=sha256(repr((counts, np.__version__)).encode()).hexdigest()[:8],
    )


def _pieces(size: int, units: float) -> int:
    """Return into how many chunks of about so many units a group falls."""
    if size == 0:
        return 0
    return -(-size // int(min(max(units, 1), MOST_UNITS)))


def _mixed(count: int) -> NDArray[np.int32]:
    """Return the numbers below `count` in an order that every part draws alike (numpy's version is in the name)."""
    if count > np.iinfo(np.int32).max:
        raise SpecError(f"A model has {count:,} configurations, more than parts can share out.", "Take a sample.")
    return np.random.Generator(np.random.PCG64(count)).permutation(np.arange(count, dtype=np.int32))
