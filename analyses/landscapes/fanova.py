"""Functional ANOVA of a complete grid, exact: every component is a mean over cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Decomposition:
    """Variances of a function on a grid under the uniform distribution of its levels.

    Axis indices are those of the grid; shares are variances divided by `variance`.
    """

    variance: float
    effects: tuple[NDArray[np.float64], ...]
    """Each axis's main effect by level: the mean over all else minus the grand mean."""
    main: NDArray[np.float64]
    """Variance of each main effect."""
    total: NDArray[np.float64]
    """Each axis's total effect: the mean variance along it with all other axes fixed (Sobol's total index)."""
    pair: dict[tuple[int, int], float]
    """Variance of each pairwise interaction, main effects taken out."""

    def share(self, variance: float) -> float | None:
        """Return a variance as a share of the whole, None where nothing varies."""
        return variance / self.variance if self.variance > 0 else None


def decompose(grid: NDArray[np.float64], *, with_pairs: bool = True) -> Decomposition:
    """Return the functional ANOVA of a complete grid (Hutter et al. 2014; Hoeffding's decomposition, no surrogate).

    Args:
        grid: one dimension per hyperparameter, no NaN.
    """
    centred = grid - grid.mean()
    scale = float(np.abs(centred).max()) or 1.0
    centred /= scale
    square_mean = float(np.mean(centred * centred))
    k = grid.ndim
    effects = tuple(_mean_over(centred, [j for j in range(k) if j != axis]) for axis in range(k))
    main = np.array([float(np.mean(effect * effect)) for effect in effects])
    total = np.empty(k)
    for axis in range(k):
        without = centred.mean(axis=axis)
        total[axis] = max(0.0, square_mean - float(np.mean(without * without)))
    pair = {}
    if with_pairs:
        for (a, b), cell in _pair_means(centred).items():
            rest = cell - effects[a][:, None] - effects[b][None, :]
            pair[a, b] = float(np.mean(rest * rest)) * scale**2
    return Decomposition(
        square_mean * scale**2,
        tuple(effect * scale for effect in effects),
        main * scale**2,
        total * scale**2,
        pair,
    )


def _pair_means(grid: NDArray[np.float64]) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return the mean over all other axes for every pair of axes.

    The axes are halved: pairs within a half come from the grid averaged over the other half, so that few passes over
    the whole grid are needed (six instead of 28 for eight axes).
    """
    found: dict[tuple[int, int], NDArray[np.float64]] = {}

    def gather(table: NDArray[np.float64], axes: list[int]) -> None:
        if len(axes) < 2:
            return
        middle = len(axes) // 2
        left, right = range(middle), range(middle, len(axes))
        gather(_mean_over(table, right), axes[:middle])
        gather(_mean_over(table, left), axes[middle:])
        for a in left:
            row = _mean_over(table, [j for j in left if j != a])
            for b in right:
                # Of the left half one axis is left, so that axis b now stands at b - middle + 1.
                cell = _mean_over(row, [j - middle + 1 for j in right if j != b])
                found[axes[a], axes[b]] = cell

    gather(grid, list(range(grid.ndim)))
    return found


def _mean_over(grid: NDArray[np.float64], axes: Sequence[int]) -> NDArray[np.float64]:
    """Average over axes from the last to the first: each step works on contiguous memory and shrinks the rest."""
    for axis in sorted(axes, reverse=True):
        grid = grid.mean(axis=axis)
    return grid


def capped(grid: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return the grid with losses above the given quantile set to it.

    Importance among good configurations: differences between bad ones count no more (Hutter et al. 2014,
    who cap likewise), and the grid stays complete, so that the decomposition stays exact.
    """
    return np.minimum(grid, np.quantile(grid, share))


def roughness_to_slope(grid: NDArray[np.float64], ordinal: Sequence[bool], effects: Sequence[NDArray]) -> float | None:
    """Return the roughness-to-slope ratio: 0 for an additive landscape, large for one without any trend.

    Roughness is the root mean square of what the best additive model (grand mean plus main effects) leaves; slope the
    mean absolute difference of a main effect over neighbouring levels, over all neighbour pairs of the grid (Aita et
    al. 2001 and Szendro et al. 2013 define both for two levels, where this is the same). None where no slope is left.
    """
    rest = grid - grid.mean()
    differences, weights = 0.0, 0.0
    for axis, effect in enumerate(effects):
        rest -= effect.reshape([-1 if j == axis else 1 for j in range(grid.ndim)])
        if effect.size < 2:
            continue
        gaps = (
            np.abs(np.diff(effect))
            if ordinal[axis]
            else np.abs(effect[:, None] - effect[None, :])[np.triu_indices(effect.size, 1)]
        )
        differences += float(gaps.sum()) / effect.size
        weights += gaps.size / effect.size
    slope = differences / weights if weights else 0.0
    wide = float(np.abs(rest).max()) or 1.0
    return float(wide * np.sqrt(np.mean((rest / wide) ** 2))) / slope if slope > 0 else None
