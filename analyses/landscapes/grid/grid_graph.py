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
        improving, neutral = self._counters(), self._counters()
        slope, buffer = np.zeros(n), np.empty(n)
        lower: list[NDArray] = []
        upper: list[NDArray] = []
        for shift in self._shifts:
            low, high = shift.ends(loss)
            difference = np.subtract(high, low, out=buffer[: low.size].reshape(low.shape))
            if shift.wraps is not None:
                # Cells that are no neighbours compare as nothing, and add nothing.
                difference[shift.wraps] = np.nan
            below, above = shift.ends(improving)
            below += (difference < 0).view(np.uint8)
            above += (difference > 0).view(np.uint8)
            size = np.abs(difference, out=difference)
            near = size <= epsilon
            for counts in shift.ends(neutral):
                np.add(counts, near.view(np.uint8), out=counts)
            at = np.flatnonzero(near if epsilon == 0 else size == 0)
            if at.size:
                cells = shift.lower_cells(at)
                lower.append(cells)
                upper.append(cells + shift.distance)
            if shift.wraps is not None:
                size[shift.wraps] = 0.0
            for sums in shift.ends(slope):
                np.add(sums, size, out=sums)
            mine, theirs = shift.ends(best), shift.ends(place)[::-1]
            for chosen, places in zip(mine, theirs, strict=True):
                candidate = places
                if shift.wraps is not None:
                    candidate = places.copy()
                    candidate[shift.wraps] = n
                np.minimum(chosen, candidate, out=chosen)
        self._ties = (loss, lower, upper)
        ends = np.concatenate((*lower, *upper)) if lower else np.empty(0, dtype=np.int64)
        return Scan(
            best=np.where(improving > 0, surface.order.take(best, mode="clip"), np.arange(n)).astype(np.int32),
            improving=improving.astype(np.int32),
            neutral=neutral.astype(np.int32),
            tied=np.bincount(ends, minlength=n).astype(np.int32),
            slope=slope,
        )

    def _counters(self) -> NDArray:
        """Return a zero a cell, of the narrowest type that can count all neighbours: comparisons add up at once."""
        return np.zeros(self.degree.size, dtype=np.uint8 if int(self.degree.max()) < 256 else np.int32)

    def neutral(self, surface: Surface, threshold: float) -> NDArray[np.int32]:
        """Return for each node the number of neighbours with |difference| <= threshold."""
        counts = self._counters()
        for shift in self._shifts:
            low, high = shift.ends(surface.loss)
            near = np.abs(high - low) <= threshold
            if shift.wraps is not None:
                near[shift.wraps] = False
            for ends in shift.ends(counts):
                np.add(ends, near.view(np.uint8), out=ends)
        return counts.astype(np.int32)

    def plateau_roots(self, surface: Surface, tied: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties."""
        if self._ties is None or self._ties[0] is not surface.loss:
            return super().plateau_roots(surface, tied)
        _, lower, upper = self._ties
        none = [np.empty(0, dtype=np.int64)]
        return connected_roots(np.concatenate(lower or none), np.concatenate(upper or none), surface.size)
