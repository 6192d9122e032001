"""The graph of a complete grid of moderate size: its edges are listed, but a pass over them shifts the grid instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.graph import EdgeGraph, Scan, connected_roots
from hpowh.analyses.landscapes.space import Space
from hpowh.analyses.landscapes.surface import Surface


@dataclass(frozen=True)
class Shift:
    """Cells `i` and `i + distance` are neighbours, for all `i` but those that `wraps` lists."""

    distance: int
    wraps: NDArray[np.int32]


def shifts_of(space: Space) -> list[Shift]:
    """Return the shifts of the flat array that bring every cell onto each of its upper neighbours."""
    found = []
    for size, stride, flag in zip(space.shape, space.strides, space.ordinal, strict=True):
        for levels in range(1, min(2, size) if flag else size):
            distance = levels * stride
            level = np.arange(space.cardinality - distance) // stride % size
            found.append(Shift(distance, np.flatnonzero(level >= size - levels).astype(np.int32)))
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
            low, high = slice(None, n - shift.distance), slice(shift.distance, None)
            difference = loss[high] - loss[low]
            size = np.abs(difference)
            size[shift.wraps] = 0.0
            slope[low] += size
            slope[high] += size
            # From here on cells that are no neighbours compare as nothing.
            difference[shift.wraps] = np.nan
            size[shift.wraps] = np.nan
            improving[low] += difference < 0
            improving[high] += difference > 0
            near = size <= epsilon
            neutral[low] += near
            neutral[high] += near
            at = np.flatnonzero(size == 0)
            if at.size:
                lower.append(at)
                upper.append(at + shift.distance)
            for here, there in ((low, high), (high, low)):
                candidate = place[there].copy()
                candidate[shift.wraps] = n
                np.minimum(best[here], candidate, out=best[here])
        for ends in (*lower, *upper):
            tied += np.bincount(ends, minlength=n).astype(np.int32)
        self._ties = (loss, lower, upper)
        own = np.arange(n, dtype=np.int32)
        chosen = surface.order[np.minimum(best, n - 1)].astype(np.int32)
        return Scan(np.where(improving > 0, chosen, own), improving, neutral, tied, slope)

    def plateau_roots(self, surface: Surface, tied: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties."""
        if self._ties is None or self._ties[0] is not surface.loss:
            return super().plateau_roots(surface, tied)
        _, lower, upper = self._ties
        none = [np.empty(0, dtype=np.int64)]
        return connected_roots(np.concatenate(lower or none), np.concatenate(upper or none), surface.size)
