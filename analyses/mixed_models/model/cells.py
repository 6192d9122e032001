"""Cells of the model's factors and what the data are in them: counts, means and scatter.

The data enter a linear mixed model's likelihood only through these moments. Each cell is turned into a few pseudo-rows
whose cross-products equal those of the cell's rows exactly: sqrt(n) [1, mean x, mean y], and one row for every
direction of the within-cell scatter of the covariates; what is left of the response's scatter is pure error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class DataError(ValueError):
    """The data cannot carry the model that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Moments of C cells with k products of numeric variables ("monomials").

    `codes[factor]` (C,): level numbers into `levels[factor]`. `count` (C,). `mean_y` (C,): mean of the response minus
    `shift`. `scatter_y` (C,): sum of squares about the cell's mean. `mean_x` (C, k), `scatter_x` (C, k, k),
    `scatter_xy` (C, k): the same for the monomials. `excluded`: rows left out because a value in them is missing or
    not finite.
    """

    codes: Mapping[str, Integers]
    levels: Mapping[str, tuple[str, ...]]
    monomials: tuple[tuple[str, ...], ...]
    count: Floats
    mean_y: Floats
    scatter_y: Floats
    mean_x: Floats
    scatter_x: Floats
    scatter_xy: Floats
    shift: float = 0.0
    excluded: int = 0

    @property
    def term_levels(self) -> dict[str, tuple[str, ...]]:
        """Levels of the factors that stand in terms; a covariate may be a grouping factor besides."""
        numeric = {name for product in self.monomials for name in product}
        return {name: levels for name, levels in self.levels.items() if name not in numeric}

    @property
    def row_count(self) -> int:
        """Rows of data in all cells."""
        return int(self.count.sum())

    @property
    def total_scatter(self) -> float:
        """Sum of squares of the response about its overall mean."""
        mean = float(self.count @ self.mean_y) / float(self.count.sum())
        return float(self.scatter_y.sum() + (self.count * (self.mean_y - mean) ** 2).sum())

    @property
    def response_mean(self) -> float:
        """Mean of the response over all rows."""
        return self.shift + float(self.count @ self.mean_y) / float(self.count.sum())

    def numeric_mean(self, product: tuple[str, ...]) -> float:
        """Mean of one monomial over all rows."""
        return float(self.count @ self.mean_x[:, self.monomials.index(product)]) / float(self.count.sum())


@dataclass(frozen=True, kw_only=True)
class PseudoRows:
    """Rows with the same cross-products as the data: `cell` (N,), `basis` (N, 1 + k), `y` (N,), and pure error.

    `pure` (C,): the pure-error sum of squares of each cell; `pure_error` is their sum.
    """

    cell: Integers
    basis: Floats
    y: Floats
    pure_error: float
    pure_df: int
    pure: Floats


def factor_codes(values: Sequence[object] | NDArray[np.generic]) -> tuple[Integers, tuple[str, ...]]:
    """Return the level number of every value and the levels as text, sorted as R sorts a factor's levels."""
    unique, codes = np.unique(np.asarray(values), return_inverse=True)
    return codes.astype(np.int64), tuple(level_text(value) for value in unique.tolist())


def level_text(value: object) -> str:
    """Write a level as text; a whole number has no decimals."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def pseudo_rows(cells: Cells) -> PseudoRows:
    """Return the pseudo-rows of the cells; the response in them is measured from the overall mean."""
    count, k = cells.count, len(cells.monomials)
    size = len(count)
    root = np.sqrt(count)
    mean = float(count @ cells.mean_y) / float(count.sum())
    basis = [np.column_stack([root, root[:, None] * cells.mean_x]) if k else root[:, None]]
    y = [root * (cells.mean_y - mean)]
    cell = [np.arange(size)]
    pure = cells.scatter_y.copy()
    used = size
    if k:
        scale = np.sqrt(np.maximum(np.einsum("cii->ci", cells.scatter_x).max(axis=0), 1e-300))
        scaled = cells.scatter_x / np.outer(scale, scale)
        values, vectors = np.linalg.eigh(scaled)
        present = values > np.maximum(values[:, -1:], 0.0) * 1e-12
        present &= values > 1e-24
        length = np.where(present, np.sqrt(np.maximum(values, 0.0)), 1.0)
        along = np.einsum("cij,ci->cj", vectors, cells.scatter_xy / scale) / length
        along = np.where(present, along, 0.0)
        pure -= (along**2).sum(axis=1)
        for j in range(k):
            rows = np.flatnonzero(present[:, j])
            direction = vectors[rows, :, j] * length[rows, j : j + 1] * scale
            basis.append(np.column_stack([np.zeros(len(rows)), direction]))
            y.append(along[rows, j])
            cell.append(rows)
            used += len(rows)
    pure_df = int(count.sum()) - used
    pure = np.maximum(pure, 0.0)
    return PseudoRows(
        cell=np.concatenate(cell),
        basis=np.vstack(basis),
        y=np.concatenate(y),
        pure_error=float(pure.sum()),
        pure_df=pure_df,
        pure=pure,
    )


def cells_from_rows(
    response: Floats,
    factors: Mapping[str, Sequence[object] | NDArray[np.generic]],
    numeric: Mapping[str, Floats],
    products: Sequence[tuple[str, ...]] = (),
) -> Cells:
    """Make cells of rows in memory: what the GROUP BY of `query` does, for simulated data and tests.

    Raises:
        DataError: no row has a finite response and finite covariates.
    """
    response = np.asarray(response, dtype=np.float64)
    x = [np.prod([np.asarray(numeric[name], dtype=np.float64) for name in product], axis=0) for product in products]
    usable = np.isfinite(response)
    for values in x:
        usable &= np.isfinite(values)
    if not usable.any():
        raise DataError("No row has a finite response and finite covariates.")
    coded = {name: factor_codes(np.asarray(values)[usable]) for name, values in factors.items()}
    key = np.zeros(int(usable.sum()), dtype=np.int64)
    for codes, levels in coded.values():
        key = key * len(levels) + codes
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    size, k = len(first), len(products)
    shift = float(response[usable].mean())
    y = response[usable] - shift
    count = np.bincount(cell, minlength=size).astype(np.float64)

    def mean(values: Floats) -> Floats:
        return np.bincount(cell, weights=values, minlength=size) / count

    mean_y = mean(y)
    off_y = y - mean_y[cell]
    kept = [values[usable] for values in x]
    mean_x = np.column_stack([mean(values) for values in kept]) if k else np.zeros((size, 0))
    off_x = [values - mean_x[cell, i] for i, values in enumerate(kept)]
    scatter_x = np.zeros((size, k, k))
    scatter_xy = np.zeros((size, k))
    for i in range(k):
        scatter_xy[:, i] = np.bincount(cell, weights=off_x[i] * off_y, minlength=size)
        for j in range(i + 1):
            value = np.bincount(cell, weights=off_x[i] * off_x[j], minlength=size)
            scatter_x[:, i, j] = scatter_x[:, j, i] = value
    return Cells(
        codes={name: codes[first] for name, (codes, _) in coded.items()},
        levels={name: levels for name, (_, levels) in coded.items()},
        monomials=tuple(products),
        count=count,
        mean_y=mean_y,
        scatter_y=np.bincount(cell, weights=off_y**2, minlength=size).astype(float),
        mean_x=mean_x,
        scatter_x=scatter_x,
        scatter_xy=scatter_xy,
        shift=shift,
        excluded=int((~usable).sum()),
    )
