"""The graph of a complete grid of moderate size: its edges are listed, but a pass over them shifts the grid instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.graph import EdgeGraph, Scan, connected_roots
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface

BLOCKS = 16
"""Strides from which a shift is cut out block by block; below it NumPy's inner loops would be too short."""


@dataclass(frozen=True)
class Shift:
    """Cells and their neighbours some levels higher on one axis.

    As blocks, both ends are views without anything else. As one flat shift, cells `i` and `i + distance` are neighbours
    for all `i` but those that `wraps` lists.
    """

    size: int
    stride: int
    levels: int
    wraps: NDArray[np.int32] | None
    """None where the ends are cut out as blocks."""

    @property
    def distance(self) -> int:
        """Rank difference of the two ends."""
        return self.levels * self.stride

    def ends(self, cells: NDArray) -> tuple[NDArray, NDArray]:
        """Return views of the lower and of the upper ends."""
        if self.wraps is not None:
            return cells[: -self.distance], cells[self.distance :]
        block = cells.reshape(-1, self.size, self.stride)
        return block[:, : -self.levels], block[:, self.levels :]

    def lower_cells(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cells at positions in the (flattened) lower ends."""
        if self.wraps is not None:
            return at
        width = (self.size - self.levels) * self.stride
        return at // width * (self.size * self.stride) + at % width


def shifts_of(space: Space) -> list[Shift]:
    """Return the shifts that bring every cell onto each of its upper neighbours."""
    found = []
    for size, stride, flag in zip(space.shape, space.strides, space.ordinal, strict=True):
        for levels in range(1, min(2, size) if flag else size):
            wraps = None
            if stride < BLOCKS:
                level = np.arange(space.cardinality - levels * stride) // stride % size
                wraps = np.flatnonzero(level >= size - levels).astype(np.int32)
            found.append(Shift(size, stride, levels, wraps))
    return found


class GridGraph(EdgeGraph):
    """As `EdgeGraph`, whose gathers by index a complete grid does not need: shifted arrays lie in step."""

    def __init__(self, space: Space) -> None:
        super().__init__(space, np.arange(space.cardinality, dtype=np.int64))
        self._shifts = shifts_of(space)
        self._ties: tuple[NDArray[np.float64], list[NDArray], list[NDArray]] | None = None

    def scan(self, surface: Surface, epsilon: float) -> Scan:
        """Compare every configuration with its neighbours."""
        loss, place, n = surface.loss, surface.place, surface.size
        best = np.full(n, n, dtype=np.int32)
        improving, neutral, tied = (np.zeros(n, dtype=np.int32) for _ in range(3))
        slope = np.zeros(n)
        lower: list[NDArray] = []
        upper: list[NDArray] = []
        for shift in self._shifts:
            low, high = shift.ends(loss)
            difference = high - low
            size = np.abs(difference)
            if shift.wraps is not None:
                # Cells that are no neighbours compare as nothing, and add nothing.
                difference[shift.wraps] = np.nan
                size[shift.wraps] = 0.0
            for sums in shift.ends(slope):
                np.add(sums, size, out=sums)
            if shift.wraps is not None:
                size[shift.wraps] = np.nan
            below, above = shift.ends(improving)
            below += difference < 0
            above += difference > 0
            near = size <= epsilon
            for counts in shift.ends(neutral):
                np.add(counts, near, out=counts)
            at = np.flatnonzero(size == 0)
            if at.size:
                cells = shift.lower_cells(at)
                lower.append(cells)
                upper.append(cells + shift.distance)
            mine, theirs = shift.ends(best), shift.ends(place)[::-1]
            for chosen, places in zip(mine, theirs, strict=True):
                candidate = places
                if shift.wraps is not None:
                    candidate = places.copy()
                    candidate[shift.wraps] = n
                np.minimum(chosen, candidate, out=chosen)
        for ends in (*lower, *upper):
            tied += np.bincount(ends, minlength=n).astype(np.int32)
        self._ties = (loss, lower, upper)
        own = np.arange(n, dtype=np.int32)
        found = surface.order[np.minimum(best, n - 1)].astype(np.int32)
        return Scan(np.where(improving > 0, found, own), improving, neutral, tied, slope)

    def neutral(self, surface: Surface, threshold: float) -> NDArray[np.int32]:
        """Return for each node the number of neighbours with |difference| <= threshold."""
        counts = np.zeros(surface.size, dtype=np.int32)
        for shift in self._shifts:
            low, high = shift.ends(surface.loss)
            near = np.abs(high - low) <= threshold
            if shift.wraps is not None:
                near[shift.wraps] = False
            for ends in shift.ends(counts):
                np.add(ends, near, out=ends)
        return counts

    def plateau_roots(self, surface: Surface, tied: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties."""
        if self._ties is None or self._ties[0] is not surface.loss:
            return super().plateau_roots(surface, tied)
        _, lower, upper = self._ties
        none = [np.empty(0, dtype=np.int64)]
        return connected_roots(np.concatenate(lower or none), np.concatenate(upper or none), surface.size)
