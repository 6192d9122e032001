"""The compiled engine: the graph of a dense grid, never listed, its cells in one flat array."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes import kernels
from hpowh.analyses.landscapes.graph import Scan
from hpowh.analyses.landscapes.surface import Surface, require_cells


def in_threads(work: Callable[[int, int, int], None], size: int, threads: int | None = None) -> None:
    """Call `work(low, high, part)` for consecutive parts of `range(size)`, one thread each."""
    count = max(1, min(threads or len(os.sched_getaffinity(0)), size))
    bounds = [size * part // count for part in range(count + 1)]
    if count == 1:
        work(0, size, 0)
        return
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, bounds[:-1], bounds[1:], range(count)))


class DenseGraph:
    """The neighbourhood graph of a complete grid or one with holes, by compiled passes over the flat array."""

    name = "compiled"

    def __init__(self, surface: Surface, threads: int | None = None) -> None:
        require_cells(surface.space)
        space = surface.space
        self.space, self.threads = space, threads
        self.ranks = None if surface.is_complete else surface.ranks
        self._geometry = (
            np.array(space.shape, dtype=np.int64),
            np.array(space.strides, dtype=np.int64),
            np.array(space.ordinal, dtype=np.bool_),
        )
        self.degree: NDArray[np.int32] = self._degrees()

    def _degrees(self) -> NDArray[np.int32]:
        if self.ranks is None:
            return self._complete_degrees()
        present = np.zeros(self.space.cardinality)
        present[self.ranks] = 1.0
        return self._pick(self._sum_over_axes(present)).astype(np.int32)

    def _complete_degrees(self) -> NDArray[np.int32]:
        """Add up what each axis gives: all other levels of a categorical, one or two of an ordinal."""
        degree = np.zeros(self.space.shape, dtype=np.int32)
        for axis, (size, flag) in enumerate(zip(self.space.shape, self.space.ordinal, strict=True)):
            level = np.arange(size)
            mine = (level > 0).astype(np.int32) + (level < size - 1) if flag else np.full(size, size - 1, np.int32)
            degree += mine.astype(np.int32).reshape([-1 if j == axis else 1 for j in range(degree.ndim)])
        return degree.ravel()

    def _pick(self, cells: NDArray) -> NDArray:
        """Return the values of the nodes out of those of all cells."""
        return cells if self.ranks is None else cells[self.ranks]

    def _spread(self, values: NDArray[np.float64], hole: float) -> NDArray[np.float64]:
        """Return values of all cells, `hole` where there is none."""
        if self.ranks is None:
            return np.ascontiguousarray(values)
        cells = np.full(self.space.cardinality, hole)
        cells[self.ranks] = values
        return cells

    def _ids(self) -> NDArray[np.int32]:
        """Return each cell's node id (meaningless for holes)."""
        present = np.zeros(self.space.cardinality, dtype=np.int32)
        present[self.ranks] = 1
        return np.cumsum(present, dtype=np.int32) - np.int32(1)

    def scan(self, surface: Surface, epsilon: float) -> Scan:
        """Compare every configuration with its neighbours."""
        loss = self._spread(surface.loss, np.nan)
        best, improving, neutral, tied, degree = (np.empty(loss.size, dtype=np.int32) for _ in range(5))
        slope = np.empty(loss.size)

        def work(low: int, high: int, _: int) -> None:
            kernels.scan_range(loss, *self._geometry, epsilon, low, high, best, improving, neutral, tied, degree, slope)

        in_threads(work, loss.size, self.threads)
        chosen = self._pick(best)
        return Scan(
            best=chosen if self.ranks is None else self._ids()[chosen],
            improving=self._pick(improving),
            neutral=self._pick(neutral),
            tied=self._pick(tied),
            slope=self._pick(slope),
        )

    def neighbour_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each node the sum of its neighbours' values."""
        return self._pick(self._sum_over_axes(self._spread(values, 0.0)))

    def _sum_over_axes(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty(cells.size)

        def work(low: int, high: int, _: int) -> None:
            kernels.sum_range(cells, *self._geometry, low, high, out)

        in_threads(work, cells.size, self.threads)
        return out

    def plateau_roots(self, surface: Surface) -> NDArray[np.int64]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties."""
        loss = self._spread(surface.loss, np.nan)
        parent = np.empty(loss.size, dtype=np.int32)
        tied = np.ones(loss.size, dtype=np.int8)
        kernels.join_ties(loss, *self._geometry, tied, parent)
        roots = self._pick(parent)
        return (roots if self.ranks is None else self._ids()[roots]).astype(np.int64)

    def reachable(self, surface: Surface) -> NDArray[np.bool_]:
        """Return which nodes have a never-worsening path to a global optimum."""
        loss = self._spread(surface.loss, np.nan)
        reached = np.zeros(loss.size, dtype=np.bool_)
        kernels.climb(loss, *self._geometry, surface.ranks[surface.optima], reached)
        return self._pick(reached)

    def pairs_within(self, surface: Surface, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each ascending threshold how many undirected pairs have |difference| <= threshold."""
        loss = self._spread(surface.loss, np.nan)
        threads = self.threads or len(os.sched_getaffinity(0))
        counts = np.zeros((max(threads, 1), thresholds.size), dtype=np.int64)

        def work(low: int, high: int, part: int) -> None:
            kernels.count_within(loss, *self._geometry, thresholds, low, high, counts[part])

        in_threads(work, loss.size, self.threads)
        return np.cumsum(counts.sum(axis=0))
