"""Pairwise interactions: what becomes of one hyperparameter's effect when another changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 8 * np.finfo(float).eps
"""Rounding error, relative to the losses of a square, below which its effects add up."""


@dataclass(frozen=True)
class Squares:
    """Counts over the squares of two axes: two neighbouring levels of each, all else fixed, all four evaluated."""

    additive: int
    """The effects add up (up to rounding)."""
    magnitude: int
    """An effect changes its size but not its sign."""
    sign: int
    """One of the two effects changes its sign."""
    reciprocal: int
    """Both effects change their sign."""

    @property
    def count(self) -> int:
        """All squares."""
        return self.additive + self.magnitude + self.sign + self.reciprocal


def square_count(shape: Sequence[int], ordinal: Sequence[bool]) -> int:
    """Return how many squares a complete grid has."""
    cells = 1
    for size in shape:
        cells *= size
    # Level pairs of an axis per level: their product, times the cells, counts the squares of two axes.
    per_level = [
        ((size - 1) if flag else size * (size - 1) // 2) / size for size, flag in zip(shape, ordinal, strict=True)
    ]
    return round(sum(cells * a * b for a, b in combinations(per_level, 2)))


def count_squares(
    grid: NDArray[np.float64], ordinal: Sequence[bool], *, compiled: bool, threads: int | None = None
) -> dict[tuple[int, int], Squares]:
    """Classify every square of every pair of axes (Weinreich et al. 2005; Poelwijk et al. 2007).

    Args:
        grid: one dimension per hyperparameter; NaN marks a hole, and squares with a hole do not count.
        compiled: use the compiled loops.
        threads: of the compiled loops; by default one for each core.
    """
    if compiled:
        return _count_compiled(grid, ordinal, threads)
    return {
        (a, b): Squares(*(int(x) for x in _count_numpy(grid, a, b, ordinal[a], ordinal[b])))
        for a, b in combinations(range(grid.ndim), 2)
    }


def _level_pairs(size: int, is_ordinal: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if is_ordinal:
        return np.arange(size - 1), np.arange(1, size)
    return np.triu_indices(size, 1)


def _count_numpy(grid: NDArray[np.float64], a: int, b: int, flag_a: bool, flag_b: bool) -> NDArray[np.int64]:
    table = np.ascontiguousarray(np.moveaxis(grid, (a, b), (0, 1))).reshape(grid.shape[a], grid.shape[b], -1)
    low_a, high_a = _level_pairs(grid.shape[a], flag_a)
    low_b, high_b = _level_pairs(grid.shape[b], flag_b)
    low, high = table[low_a], table[high_a]
    f00, f01, f10, f11 = low[:, low_b], low[:, high_b], high[:, low_b], high[:, high_b]
    first, second = f10 - f00, f11 - f01
    mixed = np.abs(second - first)
    additive = mixed <= TOLERANCE * (np.abs(f00) + np.abs(f01) + np.abs(f10) + np.abs(f11))
    whole = ~np.isnan(mixed)
    turns = (first * second < 0).astype(np.int8) + ((f01 - f00) * (f11 - f10) < 0)
    others = np.bincount(turns[whole & ~additive], minlength=3)
    return np.array([np.count_nonzero(additive), *others])


def _count_compiled(
    grid: NDArray[np.float64], ordinal: Sequence[bool], threads: int | None
) -> dict[tuple[int, int], Squares]:
    """Count all pairs of axes in one pass over the grid."""
    from hpowh.analyses.landscapes.grid.dense import in_threads
    from hpowh.analyses.landscapes.grid.kernels import classify_squares

    k = grid.ndim
    flat = np.ascontiguousarray(grid).ravel()
    shape = np.array(grid.shape, dtype=np.int64)
    strides = np.array([int(np.prod(grid.shape[j + 1 :])) for j in range(k)], dtype=np.int64)
    shifts = [
        (axis, by)
        for axis, (size, flag) in enumerate(zip(grid.shape, ordinal, strict=True))
        for by in range(1, min(2, size) if flag else size)
    ]
    axes, by = np.array(shifts, dtype=np.int64).reshape(-1, 2).T.copy()

    def work(low: int, high: int) -> NDArray[np.int64]:
        counts = np.zeros((k, k, 4), dtype=np.int64)
        classify_squares(flat, shape, strides, axes, by, TOLERANCE, low, high, counts)
        return counts

    counts = np.sum(in_threads(work, flat.size, threads), axis=0)
    found = {}
    for a, b in combinations(range(k), 2):
        additive, other, single, double = (int(x) for x in counts[a, b])
        found[a, b] = Squares(additive, other - single - double, single, double)
    return found
