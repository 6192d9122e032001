"""How each hyperparameter goes with the metric, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hpowh.analyses.sweeps.reading.columns import Column, Floats

LEVEL = 0.95
LEAST = 4
"""Fewer trials than this have no interval."""


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """One measure of association; NULLs come with a reason."""

    hyperparameter: str
    method: str
    """`pearson`, `spearman` or `eta2` (share of the metric's variance between the levels)."""
    count: int
    coefficient: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    """Holm's adjustment over the hyperparameters of the same method family (`eta2` joins both)."""
    reason: str | None = None


def correlate(columns: list[Column], metric: Floats) -> list[Correlation]:
    """Return Pearson's r and Spearman's rho of every numeric column, eta squared of every categorical one.

    Missing values are left out pair by pair, never imputed. Intervals (95 %): Fisher's z for r, its form with Bonett
    and Wright's (2000, Psychometrika 65) standard error for rho, the inverted noncentral F for eta squared.
    """
    rows = [row for column in columns for row in _of_column(column, metric)]
    adjusted: dict[int, float] = {}
    for family in ("pearson", "spearman"):
        members = [i for i, row in enumerate(rows) if row.method in (family, "eta2") and row.p is not None]
        values = holm(np.array([rows[i].p for i in members], dtype=float))
        for i, value in zip(members, values, strict=True):
            adjusted[i] = max(adjusted.get(i, 0.0), float(value))
    return [replace(row, p_adjusted=adjusted.get(i)) for i, row in enumerate(rows)]


def holm(p: Floats) -> Floats:
    """Return Holm's (1979) step-down adjusted p-values, in the order given."""
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(steps, 1.0)
    return result


def _of_column(column: Column, metric: Floats) -> list[Correlation]:
    if column.kind == "categorical":
        return [eta_squared(column.name, column.values, metric)]
    there = ~np.isnan(column.values)
    x, y = column.values[there], metric[there]
    return [pearson(column.name, x, y), spearman(column.name, x, y)]


def _refusal(x: Floats, y: Floats) -> str | None:
    if x.size < LEAST:
        return f"{x.size} trials have a value, at least {LEAST} are needed"
    if np.ptp(x) == 0:
        return "the hyperparameter does not vary among these trials"
    return "the metric does not vary among these trials" if np.ptp(y) == 0 else None


def pearson(name: str, x: Floats, y: Floats) -> Correlation:
    """Return Pearson's r with its interval and p-value."""
    from scipy.stats import pearsonr

    reason = _refusal(x, y)
    if reason:
        return Correlation(hyperparameter=name, method="pearson", count=x.size, reason=reason)
    r, p = pearsonr(x, y)
    lower, upper = _fisher(float(r), 1 / np.sqrt(x.size - 3))
    return Correlation(
        hyperparameter=name, method="pearson", count=x.size, coefficient=float(r), lower=lower, upper=upper, p=float(p)
    )


def spearman(name: str, x: Floats, y: Floats) -> Correlation:
    """Return Spearman's rho with its interval and p-value."""
    from scipy.stats import spearmanr

    reason = _refusal(x, y)
    if reason:
        return Correlation(hyperparameter=name, method="spearman", count=x.size, reason=reason)
    rho, p = (float(v) for v in spearmanr(x, y))
    lower, upper = _fisher(rho, np.sqrt((1 + rho**2 / 2) / (x.size - 3)))
    return Correlation(
        hyperparameter=name, method="spearman", count=x.size, coefficient=rho, lower=lower, upper=upper, p=p
    )


def _fisher(r: float, error: float) -> tuple[float, float]:
    from scipy.stats import norm

    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    half = norm.ppf(0.5 + LEVEL / 2) * error
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def eta_squared(name: str, levels: Floats, metric: Floats) -> Correlation:
    """Return the share of the metric's variance that lies between levels, with the F-test's p-value.

    The interval inverts the noncentral F distribution (Steiger 2004, Psychological Methods 9): eta squared is
    lambda / (lambda + n).
    """
    from scipy.stats import f

    codes, at = np.unique(levels, return_inverse=True)
    n, k = metric.size, codes.size
    reason = _refusal(levels, metric) or (f"{n} trials for {k} levels" if n <= k else None)
    if reason:
        return Correlation(hyperparameter=name, method="eta2", count=n, reason=reason)
    means = np.bincount(at, metric) / np.bincount(at)
    total = float(((metric - metric.mean()) ** 2).sum())
    within = float(((metric - means[at]) ** 2).sum())
    eta = 1 - within / total
    if within <= total * 1e-14:
        return Correlation(hyperparameter=name, method="eta2", count=n, coefficient=1.0, lower=1.0, upper=1.0, p=0.0)
    statistic = (eta / (k - 1)) / ((1 - eta) / (n - k))
    lower, upper = _noncentral(statistic, k - 1, n - k, n)
    return Correlation(
        hyperparameter=name,
        method="eta2",
        count=n,
        coefficient=eta,
        lower=lower,
        upper=upper,
        p=float(f.sf(statistic, k - 1, n - k)),
    )


def _noncentral(statistic: float, between: int, within: int, n: int) -> tuple[float | None, float | None]:
    from scipy.optimize import brentq
    from scipy.stats import f, ncf

    def limit(share: float) -> float | None:
        if f.cdf(statistic, between, within) <= share:
            return 0.0
        top = 10.0 + 2 * statistic * between
        for _ in range(60):
            value = ncf.cdf(statistic, between, within, top)
            if np.isnan(value):
                return None
            if value < share:
                break
            top *= 2
        root = brentq(lambda size: ncf.cdf(statistic, between, within, size) - share, 1e-12, top, xtol=1e-8)
        return float(root / (root + n))

    return limit(0.5 + LEVEL / 2), limit(0.5 - LEVEL / 2)
