"""Functional ANOVA of a complete grid, exact: every component is a mean over cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.paying import pays
from hpowh.analyses.landscapes.values import dot

COMPILED_CELLS = 1_000_000
"""From here on compiled loops pay, once their machine code is on disk."""
MAX_INDICATORS = 128
"""Levels of half of the axes up to which means are products with their indicators."""
ROUNDING = 1e-12
"""Shares below it are rounding errors of nothing."""
NEARLY_ADDITIVE = 1e-6
"""Share of the variance below which the rest is not taken as a difference of variances."""


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
        """Return a variance as a share of the whole, without rounding errors; None where nothing varies."""
        return without_rounding(variance / self.variance) if self.variance > 0 else None


def without_rounding(share: float) -> float:
    """Return 0 for a share that is none but for rounding (a pair's 1e-32, or the rest's 1e-16), else the share."""
    return share if abs(share) >= ROUNDING else 0.0


def decompose(grid: NDArray[np.float64], *, with_pairs: bool = True, threads: int | None = None) -> Decomposition:
    """Return the functional ANOVA of a complete grid (Hutter et al. 2014; Hoeffding's decomposition, no surrogate).

    Args:
        grid: one dimension per hyperparameter, no NaN.
        threads: of the compiled loops that large grids take; by default one for each core.
    """
    centred = grid - grid.mean()
    scale = max(float(centred.max()), -float(centred.min())) or 1.0
    centred /= scale
    flat = centred.ravel()
    square_mean = dot(flat, flat) / flat.size
    k = grid.ndim
    cells = _pair_means(centred)
    effects = tuple(_effect(cells, axis, k) for axis in range(k)) if k > 1 else (centred,)
    main = np.array([float(np.mean(effect * effect)) for effect in effects])
    total = np.array([max(0.0, square_mean - _square_mean_without(centred, axis, threads)) for axis in range(k)])
    pair = {}
    if with_pairs:
        for (a, b), cell in cells.items():
            rest = cell - effects[a][:, None] - effects[b][None, :]
            pair[a, b] = float(np.mean(rest * rest)) * scale**2
    return Decomposition(
        square_mean * scale**2,
        tuple(effect * scale for effect in effects),
        main * scale**2,
        total * scale**2,
        pair,
    )


def _effect(cells: dict[tuple[int, int], NDArray[np.float64]], axis: int, k: int) -> NDArray[np.float64]:
    """Return the mean over all axes but one, out of the means over all but two."""
    effect: NDArray[np.float64] = (
        cells[axis, axis + 1].mean(axis=1) if axis + 1 < k else cells[axis - 1, axis].mean(axis=0)
    )
    return effect


def _square_mean_without(grid: NDArray[np.float64], axis: int, threads: int | None) -> float:
    """Return the mean square of the grid averaged over one axis."""
    size = grid.shape[axis]
    if not pays("fibre_squares", grid.size, COMPILED_CELLS):
        without = np.add.reduce(grid, axis=axis).ravel()
        return dot(without, without) / (size * grid.size)
    from hpowh.analyses.landscapes.grid.dense import in_threads
    from hpowh.analyses.landscapes.grid.kernels import fibre_squares

    flat, stride = grid.reshape(-1), int(np.prod(grid.shape[axis + 1 :]))
    parts = in_threads(lambda low, high: fibre_squares(flat, stride, size, low, high), grid.size // size, threads)
    return float(sum(parts)) / (size * grid.size)


def _pair_means(grid: NDArray[np.float64]) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return the mean over all other axes for every pair of axes.

    The axes are halved, which makes the grid a matrix: its means over rows and columns hold the pairs within the
    halves, and those across are a product with the halves' indicators, so that few passes over the grid are needed.
    """
    means: dict[tuple[int, int], NDArray[np.float64]] = {}

    def gather(table: NDArray[np.float64], axes: list[int]) -> None:
        if len(axes) < 2:
            return
        middle = len(axes) // 2
        left, right = table.shape[:middle], table.shape[middle:]
        matrix = table.reshape(int(np.prod(left)), -1)
        gather(matrix.mean(axis=1).reshape(left), axes[:middle])
        gather(matrix.mean(axis=0).reshape(right), axes[middle:])
        across = _level_means(_level_means(matrix, left).T, right).T
        rows, columns = np.cumsum((0, *left)), np.cumsum((0, *right))
        for i, a in enumerate(axes[:middle]):
            for j, b in enumerate(axes[middle:]):
                means[a, b] = across[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]

    gather(grid, list(range(grid.ndim)))
    return means


def _level_means(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the mean of the matrix's rows at each level of each axis that its rows are made of."""
    if len(shape) == 1:
        return matrix
    if sum(shape) > MAX_INDICATORS:
        table = matrix.reshape(*shape, -1)
        others = [tuple(j for j in range(len(shape)) if j != axis) for axis in range(len(shape))]
        return np.concatenate([table.mean(axis=rest) for rest in others])
    levels = np.indices(shape).reshape(len(shape), -1)
    indicators = [
        (level == np.arange(size)[:, None]) * (size / level.size) for level, size in zip(levels, shape, strict=True)
    ]
    means: NDArray[np.float64] = np.concatenate(indicators) @ matrix
    return means


def capped(grid: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return the grid with losses above the given quantile set to it.

    Importance among good configurations: differences between bad ones count no more (Hutter et al. 2014,
    who cap likewise), and the grid stays complete, so that the decomposition stays exact.
    """
    return np.minimum(grid, np.quantile(grid, share))


def roughness_to_slope(grid: NDArray[np.float64], ordinal: Sequence[bool], parts: Decomposition) -> float | None:
    """Return the roughness-to-slope ratio: 0 for an additive landscape, large for one without any trend.

    Roughness is the root mean square of what the best additive model (grand mean plus main effects) leaves; slope the
    mean absolute difference of a main effect over neighbouring levels, over all neighbour pairs of the grid (Aita et
    al. 2001 and Szendro et al. 2013 define both for two levels, where this is the same). None where no slope is left.
    """
    differences, weights = 0.0, 0.0
    for axis, effect in enumerate(parts.effects):
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
    return _roughness(grid, parts) / slope if slope > 0 else None


def _roughness(grid: NDArray[np.float64], parts: Decomposition) -> float:
    """Return the root mean square of what the additive model leaves."""
    left = parts.variance - float(parts.main.sum())
    if left > NEARLY_ADDITIVE * parts.variance:
        return float(np.sqrt(left))
    # The difference of two nearly equal variances would be rounding error: take the effects out one by one.
    rest = grid - grid.mean()
    for axis, effect in enumerate(parts.effects):
        rest -= effect.reshape([-1 if j == axis else 1 for j in range(grid.ndim)])
    wide = float(np.abs(rest).max()) or 1.0
    return float(wide * np.sqrt(np.mean((rest / wide) ** 2)))
