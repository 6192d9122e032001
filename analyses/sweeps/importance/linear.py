"""Ordinary least squares of the metric on all hyperparameters at once, with what makes it doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.statistics.distributions import t as student
from hpowh.analyses.statistics.effects import standardised
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

INTERCEPT = "(intercept)"
ALIASED = "a linear combination of the terms before it"


@dataclass(frozen=True, kw_only=True)
class Term:
    """One line of the summary; numbers are None, with a reason, where the term cannot be estimated."""

    term: str
    hyperparameter: str | None
    level: str | None
    coefficient: float | None = None
    standardised: float | None = None
    """Change of the metric in its standard deviations per standard deviation of the term."""
    standard_error: float | None = None
    t: float | None = None
    p: float | None = None
    lower: float | None = None
    upper: float | None = None
    vif: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Linear:
    """The fit. `r_squared` is in-sample; `r_squared_left_out` by leave-one-out (PRESS)."""

    terms: list[Term]
    r_squared: float | None
    r_squared_adjusted: float | None
    r_squared_left_out: float | None
    residual_df: int | None
    drop: dict[str, float]
    """Per hyperparameter, by how much R squared falls without it (all its levels together)."""
    levels: dict[tuple[str, str], tuple[float, float]]
    """(hyperparameter, level) -> its difference from the other levels, all else held, and the p-value; the level that
    the others are compared with in `terms` is `""`."""
    reason: str | None = None


def design(prepared: Prepared) -> tuple[Floats, list[Term]]:
    """Return the matrix that is fitted (intercept first; every categorical without its most frequent level)."""
    first: dict[int, int] = {}
    parts, terms = [np.ones(len(prepared.one_hot))], [Term(term=INTERCEPT, hyperparameter=None, level=None)]
    for i, feature in enumerate(prepared.features):
        if feature.level is not None and first.setdefault(feature.hyperparameter, i) == i:
            continue
        parts.append(prepared.one_hot[:, i])
        terms.append(
            Term(term=feature.label, hyperparameter=prepared.used[feature.hyperparameter].name, level=feature.level)
        )
    return np.column_stack(parts), terms


def independent(matrix: Floats) -> list[int]:
    """Return the positions of the columns that no column before them spans."""
    kept: list[int] = []
    basis = np.empty((matrix.shape[0], 0))
    for j in range(matrix.shape[1]):
        column = matrix[:, j] / (np.linalg.norm(matrix[:, j]) or 1.0)
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > 1e-9:
            basis = np.column_stack([basis, rest / size])
            kept.append(j)
    return kept


def fit_linear(prepared: Prepared, metric: Floats) -> Linear:
    """Fit and return the summary; where there are not enough trials every number is None with the reason."""
    matrix, terms = design(prepared)
    n, p = matrix.shape
    why = None
    if n <= p + 1:
        why = f"{n} trials are too few for {p} terms"
    elif np.ptp(metric) == 0:
        why = "the metric does not vary"
    if why:
        return Linear(
            terms=[_without(t, why) for t in terms],
            r_squared=None,
            r_squared_adjusted=None,
            r_squared_left_out=None,
            residual_df=None,
            drop={},
            levels={},
            reason=why,
        )
    pivots = independent(matrix)
    chosen = matrix[:, pivots]
    y = standardised(metric)
    unit, middle = float(np.std(metric - np.median(metric))), float(metric.mean())
    size = np.linalg.norm(chosen, axis=0)
    q, r = np.linalg.qr(chosen / size)
    inverse = np.linalg.inv(r)
    estimate = inverse @ (q.T @ y) / size
    residual = y - chosen @ estimate
    free = n - len(pivots)
    total, error = float((y**2).sum()), float(residual @ residual)
    covariance = inverse @ inverse.T / np.outer(size, size)
    rows = _rows(terms, pivots, chosen, estimate, np.sqrt(np.diag(covariance) * error / free), free, unit, middle)
    leverage = (q**2).sum(axis=1)
    left_out = None
    if (leverage < 1 - 1e-9).all():
        press = float(((residual / (1 - leverage)) ** 2).sum())
        left_out = 1 - press / total / (n / (n - 1)) ** 2  # the mean is left out as well
    places = {name: [i for i, j in enumerate(pivots) if terms[j].hyperparameter == name] for name in prepared.names}
    return Linear(
        terms=rows,
        r_squared=1 - error / total,
        r_squared_adjusted=1 - (error / total) * (n - 1) / free,
        r_squared_left_out=left_out,
        residual_df=free,
        drop={name: _drop(which, estimate, covariance, total) for name, which in places.items()},
        levels=_levels([terms[j] for j in pivots], estimate, covariance * error / free, chosen, free, unit),
    )


def _rows(
    terms: Sequence[Term],
    kept: Sequence[int],
    chosen: Floats,
    estimate: Floats,
    deviation: Floats,
    free: int,
    unit: float,
    middle: float,
) -> list[Term]:
    """Return the lines in the metric's unit; the first term is the intercept, which is shifted by its mean."""
    half = student.ppf(0.975, free)
    vif = inflation(chosen)
    place = {j: i for i, j in enumerate(kept)}
    rows = []
    for j, term in enumerate(terms):
        if j not in place:
            rows.append(_without(term, ALIASED))
            continue
        i = place[j]
        value, error = float(estimate[i]) * unit + (0.0 if j else middle), float(deviation[i]) * unit
        ratio = value / error if error > 0 else float("inf")
        rows.append(
            Term(
                term=term.term,
                hyperparameter=term.hyperparameter,
                level=term.level,
                coefficient=value,
                standardised=float(estimate[i] * chosen[:, i].std()) if j else None,
                standard_error=error,
                t=ratio if error > 0 else None,
                p=float(2 * student.sf(abs(ratio), free)),
                lower=float(value - half * error),
                upper=float(value + half * error),
                vif=vif[i],
            )
        )
    return rows


def _drop(which: list[int], estimate: Floats, covariance: Floats, total: float) -> float:
    """Return by how much R squared falls without some columns: b' V^-1 b, V their block of the inverse of X'X."""
    if not which:
        return 0.0
    part = estimate[which]
    return max(0.0, float(part @ np.linalg.solve(covariance[np.ix_(which, which)], part)) / total)


def _levels(
    terms: Sequence[Term], estimate: Floats, covariance: Floats, chosen: Floats, free: int, unit: float
) -> dict[tuple[str, str], tuple[float, float]]:
    """Return each level's difference from the mean of the other levels (by their frequency), and its p-value.

    The reference level has the name `""`.
    """
    differences: dict[tuple[str, str], tuple[float, float]] = {}
    for name in dict.fromkeys(term.hyperparameter for term in terms if term.level is not None):
        places = [i for i, term in enumerate(terms) if term.hyperparameter == name]
        counts = chosen[:, places].sum(axis=0)
        rest = len(chosen) - counts.sum()
        sizes = np.array([rest, *counts])
        for at, level in enumerate(["", *(str(terms[i].level) for i in places)]):
            others = sizes.sum() - sizes[at]
            if others <= 0:
                continue
            contrast = -sizes / others
            contrast[at] = 1.0
            value = float(contrast[1:] @ estimate[places])
            spread = float(np.sqrt(max(0.0, contrast[1:] @ covariance[np.ix_(places, places)] @ contrast[1:])))
            p = float(2 * student.sf(abs(value) / spread, free)) if spread > 0 else 1.0
            differences[str(name), level] = (value * unit, p)
    return differences


def _without(term: Term, reason: str) -> Term:
    return Term(term=term.term, hyperparameter=term.hyperparameter, level=term.level, reason=reason)


def inflation(chosen: Floats) -> list[float | None]:
    """Return the variance inflation factor of each column: 1 / (1 - R squared on the others); None for the intercept.

    The diagonal of the inverse correlation matrix of the columns (the first must be the constant).
    """
    if chosen.shape[1] == 1:
        return [None]
    correlation = np.atleast_2d(np.corrcoef(chosen[:, 1:], rowvar=False))
    return [None, *(float(v) for v in np.diag(np.linalg.inv(correlation)))]
