"""Whether a hyperparameter matters alone: one test each, its share of the variance, and how large that may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.statistics.effects import share_interval, share_limit, standardised
from hpowh.analyses.sweeps.reading.columns import Column, Floats

LEAST = 8
"""Fewer configurations that have the hyperparameter are not tested."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One hyperparameter alone, among the configurations that have it."""

    hyperparameter: str
    method: str
    """`levels`: F-test between levels. `curve`: F-test of a parabola over the ranks of a number."""
    count: int
    share: float | None = None
    """Of the target's variance, not biased upwards by chance (adjusted R squared, cut at 0)."""
    lower: float | None = None
    upper: float | None = None
    bound: float | None = None
    """With 95 % confidence the share is below this: the test of equivalence. Never smaller than what a sample in which
    the hyperparameter explains just what chance does would give."""
    p: float | None = None
    slope: float | None = None
    """Numbers: Spearman's rho with the target."""
    reason: str | None = None


def effect_of(column: Column, target: Floats) -> Effect:
    """Return the test of one used column.

    Args:
        target: what models are fitted to (the metric, or its normal scores).
    """
    method = "levels" if column.kind == "categorical" else "curve"
    there = ~np.isnan(column.values)
    x, y = column.values[there], target[there]
    reason = None
    if y.size < LEAST:
        reason = f"{y.size} configurations have it, at least {LEAST} are needed"
    elif np.ptp(x) == 0 or np.ptp(y) == 0:
        reason = "nothing varies among the configurations that have it"
    if reason is None:
        basis = _levels(x) if method == "levels" else _parabola(x)
        if y.size <= basis.shape[1] + 2:
            reason = f"{y.size} configurations for {basis.shape[1] + 1} levels"
    if reason:
        return Effect(hyperparameter=column.name, method=method, count=int(y.size), reason=reason)
    return _tested(column.name, method, basis, x, y)


def _tested(name: str, method: str, basis: Floats, x: Floats, y: Floats) -> Effect:
    from scipy.special import fdtrc
    from scipy.stats import rankdata

    z = standardised(y)
    q, _ = np.linalg.qr(basis - basis.mean(axis=0))
    explained = float(((q.T @ z) ** 2).sum()) / z.size
    between, within = basis.shape[1], z.size - basis.shape[1] - 1
    slope = None
    if method == "curve":
        slope = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    if explained >= 1 - 1e-14:
        return Effect(
            hyperparameter=name,
            method=method,
            count=z.size,
            share=1.0,
            lower=1.0,
            upper=1.0,
            bound=1.0,
            p=0.0,
            slope=slope,
        )
    statistic = (explained / between) / ((1 - explained) / within)
    share = max(0.0, 1 - (1 - explained) * (z.size - 1) / within)
    lower, upper = share_interval(share, statistic, between, within)
    bound = share_limit(max(statistic, 1.0), between, within, 0.05)
    return Effect(
        hyperparameter=name, method=method, count=z.size, share=share, lower=lower, upper=upper,
        bound=None if bound is None else max(bound, share), p=float(fdtrc(between, within, statistic)), slope=slope,
    )  # fmt: skip


def _levels(x: Floats) -> Floats:
    codes, at = np.unique(x, return_inverse=True)
    return (at[:, None] == np.arange(1, codes.size)[None, :]).astype(float)


def _parabola(x: Floats) -> Floats:
    """Return ranks in [-1, 1] and their squares; of two numbers only the ranks."""
    from scipy.stats import rankdata

    ranks = rankdata(x)
    u = 2 * (ranks - ranks.min()) / np.ptp(ranks) - 1
    return u[:, None] if np.unique(x).size == 2 else np.column_stack([u, u * u])
