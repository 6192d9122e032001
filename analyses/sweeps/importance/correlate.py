"""How each hyperparameter goes with the metric, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hpowh.analyses.statistics import association, effects
from hpowh.analyses.statistics.intervals import pearson_interval, spearman_interval
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.sweeps.reading.columns import Column, Floats

LEAST = 4
"""Fewer trials than this have no interval."""


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """One measure of association; NULLs come with a reason."""

    hyperparameter: str
    method: str
    """`pearson`, `spearman` or `eta2` (share of the metric's variance between the levels, epsilon squared)."""
    count: int
    coefficient: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    """Holm's adjustment over the hyperparameters of the same method family (`eta2` joins both)."""
    reason: str | None = None


def correlate(columns: list[Column], metric: Floats) -> list[Correlation]:
    """Return Pearson's r and Spearman's rho of every numeric column, the share between levels of every categorical one.

    Missing values are left out pair by pair, never imputed. Intervals (95 %): Fisher's z for r, its form with Bonett
    and Wright's (2000, Psychometrika 65) standard error for rho, the inverted noncentral F for shares.
    """
    rows = [row for column in columns for row in _of_column(column, metric)]
    adjusted: dict[int, float] = {}
    for family in ("pearson", "spearman"):
        members = [i for i, row in enumerate(rows) if row.method in (family, "eta2") and row.p is not None]
        values = holm(np.array([rows[i].p for i in members], dtype=float))
        for i, value in zip(members, values, strict=True):
            adjusted[i] = max(adjusted.get(i, 0.0), float(value))
    return [replace(row, p_adjusted=adjusted.get(i)) for i, row in enumerate(rows)]


def _of_column(column: Column, metric: Floats) -> list[Correlation]:
    values = column.tested
    there = ~np.isnan(values)
    x, y = values[there], metric[there]
    if column.kind == "categorical":
        return [eta_squared(column.name, x, y)]
    return [pearson(column.name, x, y), spearman(column.name, x, y)]


def _refusal(x: Floats, y: Floats) -> str | None:
    if x.size < LEAST:
        return f"{x.size} trials have a value, at least {LEAST} are needed"
    if np.ptp(x) == 0:
        return "the hyperparameter does not vary among these trials"
    return "the metric does not vary among these trials" if np.ptp(y) == 0 else None


def pearson(name: str, x: Floats, y: Floats) -> Correlation:
    """Return Pearson's r with its interval and p-value."""
    reason = _refusal(x, y)
    if reason:
        return Correlation(hyperparameter=name, method="pearson", count=x.size, reason=reason)
    r, p = association.pearson(x, effects.standardised(y))
    lower, upper = pearson_interval(float(r), x.size)
    return Correlation(
        hyperparameter=name, method="pearson", count=x.size, coefficient=float(r), lower=lower, upper=upper, p=float(p)
    )


def spearman(name: str, x: Floats, y: Floats) -> Correlation:
    """Return Spearman's rho with its interval and p-value."""
    reason = _refusal(x, y)
    if reason:
        return Correlation(hyperparameter=name, method="spearman", count=x.size, reason=reason)
    rho, p = association.spearman(x, y)
    lower, upper = spearman_interval(rho, x.size)
    return Correlation(
        hyperparameter=name, method="spearman", count=x.size, coefficient=rho, lower=lower, upper=upper, p=p
    )


def eta_squared(name: str, levels: Floats, metric: Floats) -> Correlation:
    """Return the share of the metric's variance between levels, with its interval and the F-test's p-value."""
    level_count = np.unique(levels).size
    reason = _refusal(levels, metric)
    if not reason and metric.size <= level_count:
        reason = f"{metric.size} trials for {level_count} levels"
    if reason:
        return Correlation(hyperparameter=name, method="eta2", count=metric.size, reason=reason)
    share = effects.epsilon_squared(levels, metric)
    return Correlation(
        hyperparameter=name,
        method="eta2",
        count=metric.size,
        coefficient=share.value,
        lower=share.lower,
        upper=share.upper,
        p=share.p,
    )
