"""What stays of a landscape's portrait when its axes are thinned or merged, or the threshold of neutrality moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface, require_cells
from hpowh.analyses.landscapes.one.characterise import Options, characterise

MEASURES = (
    "assortativity_rank", "neutrality", "n_lo", "lo_ratio", "basin_global_share", "fdc_spearman", "ndc_spearman",
    "variance_ranks_main", "interaction_sign", "gamma", "pass_better_share",
)  # fmt: skip
LEAST_LEVELS = 4
"""An axis of fewer levels is not thinned: of two levels there would be one."""
LEAST_CELLS = 8
FACTORS = (1 / 3, 3.0)

Row = dict[str, str | float | None]


def sensitivity(surface: Surface, options: Options) -> list[Row]:
    """Return the measures of a landscape and of its variants, one row each: its name, cells, and `MEASURES`.

    Raises:
        LandscapeError: a bad threshold, or a grid too large to be held.
    """
    if surface.space.conditions:
        raise LandscapeError(
            "The search space is conditional: thinned or merged levels would leave its conditions without a meaning.",
            "Load the part where the condition holds as a grid of its own.",
        )
    bare = replace(options, has_network=False)
    whole = characterise(surface, bare)
    given = replace(bare, epsilon=whole.epsilon.value)
    rows = [_row("as it is", surface, whole.value)]
    for name, variant in variants(surface):
        try:
            found = characterise(variant, replace(given, default=None))
        except LandscapeError:
            continue
        rows.append(_row(name, variant, found.value))
    for factor in FACTORS:
        moved = whole.epsilon.value * factor
        found = characterise(surface, replace(bare, epsilon=moved))
        rows.append(_row(f"epsilon {moved:.3g} in place of {whole.epsilon.value:.3g}", surface, found.value))
    return rows


def _row(name: str, surface: Surface, value: Callable[[str], float | None]) -> Row:
    row: Row = {"variant": name, "configurations": float(surface.size)}
    for one in MEASURES:
        row[one] = value(one)
    return row


def variants(surface: Surface) -> Iterator[tuple[str, Surface]]:
    """Yield landscapes with fewer levels, by name; a merged cell is the mean of what is there."""
    space = surface.space
    require_cells(space)
    grid = surface.dense().reshape(space.shape)
    able = [axis for axis, size in enumerate(space.shape) if size >= LEAST_LEVELS]
    for start, which in ((0, "first"), (1, "second")):
        thin = tuple(slice(start, None, 2) if axis in able else slice(None) for axis in range(grid.ndim))
        yield from _made(f"every other level of every axis, from the {which}", space, grid[thin])
    ordered = [axis for axis in able if space.ordinal[axis]]
    merged = grid
    for axis in ordered:
        merged = _merged(merged, axis)
    if ordered:
        yield from _made("neighbouring levels of every ordered axis merged", space, merged)
    for axis in able:
        thin = tuple(slice(None, None, 2) if axis == other else slice(None) for other in range(grid.ndim))
        yield from _made(f"every other level of {space.names[axis]}", space, grid[thin])


def _merged(grid: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return the grid with levels 0 and 1, 2 and 3, … of an axis merged; an odd last one stays alone."""
    starts = np.arange(0, grid.shape[axis], 2)
    there = ~np.isnan(grid)
    total = np.add.reduceat(np.where(there, grid, 0.0), starts, axis=axis)
    count = np.add.reduceat(there.astype(np.float64), starts, axis=axis)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _made(name: str, space: Space, grid: NDArray[np.float64]) -> Iterator[tuple[str, Surface]]:
    if grid.shape == space.shape or np.count_nonzero(~np.isnan(grid)) < LEAST_CELLS:
        return
    axes = tuple(replace(axis, cardinality=size) for axis, size in zip(space.axes, grid.shape, strict=True))
    yield name, Surface.make(Space(axes), np.arange(grid.size), np.ascontiguousarray(grid).ravel())
