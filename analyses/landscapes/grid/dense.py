"""The compiled engine: the graph of a dense grid, never listed, its cells in one flat array."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid import kernels
from hpowh.analyses.landscapes.grid.graph import Scan
from hpowh.analyses.landscapes.grid.surface import Surface, require_cells

PIECE = 262_144
"""Cells that a thread takes at a time. Fixed, so that sums do not depend on the number of threads."""

Found = TypeVar("Found")


def in_threads(work: Callable[[int, int], Found], size: int, threads: int | None = None) -> list[Found]:
    """Call `work(low, high)` for consecutive pieces of `range(size)`, some at a time; return what they return."""
    lows = range(0, size, PIECE)
    highs = [min(size, low + PIECE) for low in lows]
    count = min(threads or len(os.sched_getaffinity(0)), len(lows))
    if count <= 1:
        return [work(low, high) for low, high in zip(lows, highs, strict=True)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, lows, highs))


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
        degree = np.zeros(1, dtype=np.int32)
        for size, flag in zip(self.space.shape, self.space.ordinal, strict=True):
            level = np.arange(size)
            mine = (level > 0).astype(np.int32) + (level < size - 1) if flag else np.full(size, size - 1, np.int32)
            degree = np.add.outer(degree, mine.astype(np.int32)).ravel()
        return degree

    def _pick(self, cells: NDArray) -> NDArray:
        """Return the values of the nodes out of those of all cells."""
        return cells if self.ranks is None else cells[self.ranks]

    def _spread(self, values: NDArray, hole: float) -> NDArray:
        """Return values of all cells, `hole` where there is none."""
        if self.ranks is None:
            return np.ascontiguousarray(values)
        cells = np.full(self.space.cardinality, hole, dtype=values.dtype)
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
        best, improving, neutral, tied = (np.empty(loss.size, dtype=np.int32) for _ in range(4))
        slope = np.empty(loss.size)

        def work(low: int, high: int) -> None:
            kernels.scan_range(loss, *self._geometry, epsilon, low, high, best, improving, neutral, tied, slope)

        in_threads(work, loss.size, self.threads)
        chosen = self._pick(best)
        return Scan(
            best=chosen if self.ranks is None else self._ids()[chosen],
            improving=self._pick(improving),
            neutral=self._pick(neutral),
            tied=self._pick(tied),
            slope=self._pick(slope),
        )

    def neutral(self, surface: Surface, threshold: float) -> NDArray[np.int32]:
        """Return for each node the number of neighbours with |difference| <= threshold."""
        return self.scan(surface, threshold).neutral

    def neighbour_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each node the sum of its neighbours' values."""
        return self._pick(self._sum_over_axes(self._spread(values, 0.0)))

    def _sum_over_axes(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty(cells.size)
        fibres, starts = self._fibres(cells)

        def work(low: int, high: int) -> None:
            kernels.sum_range(cells, *self._geometry, fibres, starts, low, high, out)

        in_threads(work, cells.size, self.threads)
        return out

    def _fibres(self, cells: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the sums along all categorical axes of many levels, and where each axis's begin (-1: not there)."""
        shape, strides, ordinal = self._geometry
        starts = np.full(shape.size, -1, dtype=np.int64)
        wide = np.flatnonzero(~ordinal & (shape > kernels.SHIFTS))
        lengths = cells.size // shape[wide]
        starts[wide] = np.cumsum(lengths) - lengths
        fibres = np.empty(int(lengths.sum()))
        for axis, length in zip(wide, lengths, strict=True):
            part = fibres[starts[axis] : starts[axis] + length]

            def work(low: int, high: int, axis: np.integer = axis, part: NDArray[np.float64] = part) -> None:
                kernels.fibre_sums(cells, strides[axis], shape[axis], low, high, part)

            in_threads(work, int(length), self.threads)
        return fibres, starts

    def walk(self, values: NDArray[np.float64], steps: int) -> tuple[list[float], list[float]]:
        """Return <P^h x, P^h x> and <P^h x, P^(h+1) x> weighted by degree, for h below `steps`."""
        current, degree = self._spread(values, 0.0), self._spread(self.degree, 0)
        sums, following = np.empty(current.size), np.empty(current.size)
        squares, products = [], []
        for _ in range(steps):
            fibres, starts = self._fibres(current)

            def work(
                low: int,
                high: int,
                here: NDArray[np.float64] = current,
                there: NDArray[np.float64] = following,
                fibres: NDArray[np.float64] = fibres,
                starts: NDArray[np.int64] = starts,
            ) -> tuple[float, float]:
                kernels.sum_range(here, *self._geometry, fibres, starts, low, high, sums)
                return kernels.walk_range(here, sums, degree, low, high, there)

            parts = in_threads(work, current.size, self.threads)
            squares.append(sum(part[0] for part in parts))
            products.append(sum(part[1] for part in parts))
            # The first of the two is the caller's where the grid is complete: it is never written to.
            current, following = following, (np.empty(current.size) if current is values else current)
        return squares, products

    def plateau_roots(self, surface: Surface, tied: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties."""
        loss = self._spread(surface.loss, np.nan)
        parent = np.empty(loss.size, dtype=np.int32)
        kernels.join_ties(loss, *self._geometry, self._spread(tied, 0), parent)
        roots = self._pick(parent)
        return roots if self.ranks is None else self._ids()[roots]

    def follow(self, pointer: NDArray[np.int32], steps: NDArray[np.int32]) -> None:
        """Let every pointer lead to its end, and add up the steps on the way, in place."""
        kernels.follow(pointer, steps)

    def reachable(self, surface: Surface, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which nodes have a never-worsening path to a global optimum.

        Args:
            known: nodes that have one for sure, the global optima among them.
        """
        loss = self._spread(surface.loss, np.nan)
        reached = self._spread(known, False)
        if 2 * np.count_nonzero(known) <= surface.size:
            kernels.climb(loss, *self._geometry, np.flatnonzero(reached), reached)
            return self._pick(reached)
        # Most are known: look from the others, the best first, whether they have a way to these.
        todo = surface.order[~known[surface.order]]
        todo = todo if self.ranks is None else self.ranks[todo]
        while todo.size and kernels.look_down(loss, *self._geometry, todo, reached):
            todo = todo[~reached[todo]]
        return self._pick(reached)

    def pairs_within(self, surface: Surface, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each ascending threshold how many undirected pairs have |difference| <= threshold."""
        loss = self._spread(surface.loss, np.nan)

        def work(low: int, high: int) -> NDArray[np.int64]:
            counts = np.zeros(thresholds.size, dtype=np.int64)
            kernels.count_within(loss, *self._geometry, thresholds, low, high, counts)
            return counts

        return np.sum(in_threads(work, loss.size, self.threads), axis=0)
