"""Dimensional stacking: every configuration as one cell of a plane, hyperparameters nested in both directions.

After LeBlanc, Ward and Wittels (1990). The order of the hyperparameters decides what is seen: the most important ones
go outside, alternating between across and down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface

MAX_DRAWN = 4_000_000
"""Cells that one picture shows."""
STOPS = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], dtype=np.float64)
"""Five points of the colour scale viridis (van der Walt and Smith), dark for the best."""

SHADES = 250
"""Colours that the scale is drawn in: more than an eye tells apart, few enough for a paletted picture."""


@dataclass(frozen=True)
class Stack:
    """Which hyperparameters lie across and which down, the outermost first, and the size of the plane in cells."""

    space: Space
    across: tuple[int, ...]
    down: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of cells across."""
        return int(np.prod([self.space.shape[axis] for axis in self.across], dtype=np.int64))

    @property
    def height(self) -> int:
        """Number of cells down."""
        return int(np.prod([self.space.shape[axis] for axis in self.down], dtype=np.int64))

    def place(self, ranks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return each configuration's column and row."""
        return self._along(ranks, self.across), self._along(ranks, self.down)

    def _along(self, ranks: NDArray[np.int64], axes: Sequence[int]) -> NDArray[np.int64]:
        position = np.zeros(np.shape(ranks), dtype=np.int64)
        for axis in axes:
            position = position * self.space.shape[axis] + self.space.levels(ranks, axis)
        return position


def stack_axes(space: Space, importance: Sequence[float] | None = None) -> Stack:
    """Return the nesting: by falling importance, each put where the plane stays nearer to twice as wide as high.

    Args:
        importance: one number per axis; by default the axes keep their order.

    Raises:
        LandscapeError: the grid has more cells than a picture can show.
    """
    if space.cardinality > MAX_DRAWN:
        raise LandscapeError(
            f"The grid has {space.cardinality:,} cells; a map shows up to {MAX_DRAWN:,}.",
            "Draw a slice of the space.",
        )
    weight = [0.0] * len(space.axes) if importance is None else [float(x) for x in importance]
    order = sorted(range(len(space.axes)), key=lambda axis: (-weight[axis], axis))
    across: list[int] = []
    down: list[int] = []
    width, height = 1, 1
    for axis in order:
        if width <= 2 * height:
            across.append(axis)
            width *= space.shape[axis]
        else:
            down.append(axis)
            height *= space.shape[axis]
    return Stack(space, tuple(across), tuple(down))


def shades(surface: Surface, stack: Stack) -> NDArray[np.float64]:
    """Return the plane of ranks scaled to [0, 1] (0 best), NaN for holes: ranks show what outliers would hide."""
    plane = np.full((stack.height, stack.width), np.nan)
    column, row = stack.place(surface.ranks)
    plane[row, column] = (surface.average_rank - 1) / max(1, surface.size - 1)
    return plane


def colours(plane: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the plane as pixels; holes are transparent."""
    holes = np.isnan(plane)
    at = np.round(np.where(holes, 0.0, plane) * (SHADES - 1)) / (SHADES - 1) * (len(STOPS) - 1)
    low = np.minimum(at.astype(np.int64), len(STOPS) - 2)
    part = (at - low)[..., None]
    pixels = np.empty((*plane.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.round(STOPS[low] * (1 - part) + STOPS[low + 1] * part)
    pixels[..., 3] = np.where(holes, 0, 255)
    return pixels


def path_points(stack: Stack, ranks: Sequence[int]) -> list[tuple[float, float]]:
    """Return the centres of configurations in cells, with immediate repetitions left out."""
    kept = [rank for i, rank in enumerate(ranks) if i == 0 or ranks[i - 1] != rank]
    column, row = stack.place(np.array(kept, dtype=np.int64))
    return [(float(x) + 0.5, float(y) + 0.5) for x, y in zip(column, row, strict=True)]


def borders(stack: Stack, axes: Sequence[int]) -> list[tuple[float, int]]:
    """Return (position in cells, depth) of the lines between levels of the two outermost axes of one direction."""
    lines: list[tuple[float, int]] = []
    inner = int(np.prod([stack.space.shape[axis] for axis in axes], dtype=np.int64))
    count = 1
    for depth, axis in enumerate(axes[:2]):
        inner //= stack.space.shape[axis]
        count *= stack.space.shape[axis]
        lines += [(float(i * inner), depth) for i in range(1, count) if depth == 0 or i % stack.space.shape[axis]]
    return lines


def segments(points: Sequence[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the moves between consecutive points."""
    return list(pairwise(points))
