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
    grid: NDArray[np.float64], ordinal: Sequence[bool], *, compiled: bool
) -> dict[tuple[int, int], Squares]:
    """Classify every square of every pair of axes (Weinreich et al. 2005; Poelwijk et al. 2007).

    Args:
        grid: one dimension per hyperparameter; NaN marks a hole, and squares with a hole do not count.
        compiled: use the compiled loops.
    """
    count = _count_compiled if compiled else _count_numpy
    return {
        (a, b): Squares(*(int(x) for x in count(grid, a, b, ordinal[a], ordinal[b])))
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


def _count_compiled(grid: NDArray[np.float64], a: int, b: int, flag_a: bool, flag_b: bool) -> NDArray[np.int64]:
    import os

    from hpowh.analyses.landscapes.dense import in_threads
    from hpowh.analyses.landscapes.kernels import classify_squares

    shape = grid.shape
    view = np.ascontiguousarray(grid).reshape(
        int(np.prod(shape[:a])), shape[a], int(np.prod(shape[a + 1 : b])), shape[b], int(np.prod(shape[b + 1 :]))
    )
    if view.shape[0] == 1:
        # One block could not be shared among threads: let the levels between the two axes be the blocks.
        view = np.moveaxis(view, 2, 0).reshape(view.shape[2], shape[a], 1, shape[b], view.shape[4])
    counts = np.zeros((len(os.sched_getaffinity(0)), 4), dtype=np.int64)

    def work(low: int, high: int, part: int) -> None:
        classify_squares(view, flag_a, flag_b, TOLERANCE, low, high, counts[part])

    in_threads(work, view.shape[0], counts.shape[0])
    return counts.sum(axis=0)
