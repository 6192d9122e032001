"""Ordinary least squares of the metric on all hyperparameters at once (statsmodels), with what makes it doubtful."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    from statsmodels.regression.linear_model import OLS

    matrix, terms = design(prepared)
    n, p = matrix.shape
    if n <= p + 1:
        why = f"{n} trials are too few for {p} terms"
        return Linear(
            terms=[_without(t, why) for t in terms],
            r_squared=None,
            r_squared_adjusted=None,
            r_squared_left_out=None,
            residual_df=None,
            drop={},
            reason=why,
        )
    if np.ptp(metric) == 0:
        why = "the metric does not vary"
        return Linear(
            terms=[_without(t, why) for t in terms],
            r_squared=None,
            r_squared_adjusted=None,
            r_squared_left_out=None,
            residual_df=None,
            drop={},
            reason=why,
        )
    kept = independent(matrix)
    chosen = matrix[:, kept]
    fit = OLS(metric, chosen).fit()
    intervals, vif = fit.conf_int(), inflation(chosen)
    place = {j: i for i, j in enumerate(kept)}
    rows = []
    for j, term in enumerate(terms):
        if j not in place:
            rows.append(_without(term, ALIASED))
            continue
        i = place[j]
        scale = float(chosen[:, i].std() / metric.std()) if j else None
        rows.append(
            Term(
                term=term.term,
                hyperparameter=term.hyperparameter,
                level=term.level,
                coefficient=float(fit.params[i]),
                standardised=None if scale is None else float(fit.params[i]) * scale,
                standard_error=float(fit.bse[i]),
                t=float(fit.tvalues[i]),
                p=float(fit.pvalues[i]),
                lower=float(intervals[i, 0]),
                upper=float(intervals[i, 1]),
                vif=vif[i],
            )
        )
    leverage = np.einsum("ij,jk,ik->i", chosen, np.linalg.pinv(chosen.T @ chosen), chosen)
    total = float(((metric - metric.mean()) ** 2).sum())
    left_out = None
    if (leverage < 1 - 1e-9).all():
        press = float(((fit.resid / (1 - leverage)) ** 2).sum())
        left_out = 1 - press / total / (n / (n - 1)) ** 2  # the mean is left out as well
    drop = _drops(prepared, chosen, [terms[j].hyperparameter for j in kept], metric, float(fit.rsquared))
    return Linear(
        terms=rows,
        r_squared=float(fit.rsquared),
        r_squared_adjusted=float(fit.rsquared_adj),
        r_squared_left_out=left_out,
        residual_df=int(fit.df_resid),
        drop=drop,
    )


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


def _drops(
    prepared: Prepared, chosen: Floats, owner: list[str | None], metric: Floats, r_squared: float
) -> dict[str, float]:
    total = float(((metric - metric.mean()) ** 2).sum())
    result = {}
    for name in prepared.names:
        keep = [i for i, one in enumerate(owner) if one != name]
        reduced = chosen[:, keep]
        solution = np.linalg.lstsq(reduced, metric, rcond=None)[0]
        result[name] = max(0.0, r_squared - (1 - float(((metric - reduced @ solution) ** 2).sum()) / total))
    return result
