"""Estimated marginal means: predictions averaged over a reference grid.

Source: Searle, Speed & Milliken (1980); conventions of the R package emmeans (covariates at their means, factors that
are averaged over get equal weights).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.model.cells import DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit

WEIGHTS = ("equal", "observed")
Shares = Callable[[Sequence[tuple[str, int]]], float]


@dataclass(frozen=True, kw_only=True)
class MarginalMeans:
    """Linear functions of the fixed effects, one a row: `matrix` (r, p), their levels and `by` setting.

    `held`: the setting as factors and level numbers. `is_estimable` (r,): False
    where the fixed effects that the data identify do not determine the mean.
    """

    factor: str
    levels: tuple[str, ...]
    setting: str
    held: tuple[tuple[str, int], ...]
    matrix: Floats
    is_estimable: tuple[bool, ...]


def marginal_means(
    fit: Fit,
    factor: str,
    *,
    by: Sequence[str] = (),
    fixed_at: Mapping[str, float | str] | None = None,
    weights: str = "equal",
) -> list[MarginalMeans]:
    """Return the marginal means of a factor, one set for each setting of the `by` factors.

    Args:
        by: factors (or covariates that `fixed_at` does not hold) whose settings are kept apart.
        fixed_at: covariates or factors held at a value; a covariate is otherwise at its mean over all rows.
        weights: `equal` over the levels of other factors, or `observed`, in proportion to their rows.

    Raises:
        DataError: a name is not a factor of the fixed part, or a level does not exist.
    """
    at = dict(fixed_at or {})
    levels = fit.problem.cells.term_levels
    factors = list(dict.fromkeys(n for term in fit.formula.fixed.terms for n in term if n in levels))
    for name in (factor, *by):
        if name not in factors:
            raise DataError(f"{name} is not a factor of the fixed part; there are: {', '.join(factors) or 'none'}.")
    averaged = [name for name in factors if name != factor and name not in by and name not in at]
    share = _shares(fit, averaged, weights)
    sets = []
    for chosen in itertools.product(*(range(len(levels[name])) for name in by)):
        held = dict(zip(by, chosen, strict=True))
        for name, value in at.items():
            if name in levels:
                held[name] = _level(levels[name], str(value), name)
        full = np.array([_row(fit, held | {factor: i}, averaged, share, at) for i in range(len(levels[factor]))])
        estimable = np.abs(full @ fit.problem.null_space).max(axis=1, initial=0.0) < 1e-8
        kept = [i for i, c in enumerate(fit.problem.all_columns) if c in set(fit.problem.columns)]
        setting = ", ".join(f"{name} = {levels[name][i]}" for name, i in zip(by, chosen, strict=True))
        places = tuple((name, i) for name, i in zip(by, chosen, strict=True))
        sets.append(
            MarginalMeans(
                factor=factor,
                levels=levels[factor],
                setting=setting,
                held=places,
                matrix=full[:, kept],
                is_estimable=tuple(estimable.tolist()),
            )
        )
    return sets


def _level(levels: Sequence[str], value: str, name: str) -> int:
    if value not in levels:
        raise DataError(f"{name} has no level {value}; there are: {', '.join(levels)}.")
    return list(levels).index(value)


def _shares(fit: Fit, averaged: Sequence[str], weights: str) -> Shares:
    """Return what a column's indicators of the factors averaged over come to: a function of (name, level) pairs."""
    cells = fit.problem.cells
    if weights == "equal" or not averaged:
        return lambda pairs: float(np.prod([1.0 / len(cells.levels[name]) for name, _ in pairs]))
    if weights not in WEIGHTS:
        raise DataError(f"Weights are one of {', '.join(WEIGHTS)}, not {weights}.")
    total = float(cells.count.sum())

    def observed(pairs: Sequence[tuple[str, int]]) -> float:
        inside = np.ones(len(cells.count), dtype=bool)
        for name, level in pairs:
            inside &= cells.codes[name] == level
        return float(cells.count[inside].sum()) / total

    return observed


def _row(
    fit: Fit, held: Mapping[str, int], averaged: Sequence[str], share: Shares, at: Mapping[str, float | str]
) -> Floats:
    """Return the mean of every column over the grid: an indicator of a factor averaged over becomes its share."""
    row = np.zeros(len(fit.problem.all_columns))
    for j, column in enumerate(fit.problem.all_columns):
        if all(held[name] == level for name, level in column.levels if name not in averaged):
            open_pairs = [pair for pair in column.levels if pair[0] in averaged]
            row[j] = share(open_pairs) * float(np.prod([numeric_at(fit, name, at) for name in column.numeric]))
    return row


def numeric_at(fit: Fit, name: str, at: Mapping[str, float | str]) -> float:
    """Return the value at which a covariate is held: that of `at`, else its mean over all rows. Raises DataError."""
    if name in at:
        return float(at[name])
    cells = fit.problem.cells
    if (name,) in cells.monomials:
        return cells.numeric_mean((name,))
    raise DataError(f"The covariate {name} occurs only in products; say at which value: --at {name}=VALUE.")
