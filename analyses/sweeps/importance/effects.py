"""Whether a hyperparameter matters alone: one test each, its share of the variance, and how large that may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.distributions import rankdata
from hpowh.analyses.statistics.effects import share_interval, share_limit, standardised
from hpowh.analyses.sweeps.reading.columns import Column, Floats

LEAST = 8
"""Fewer configurations that have the hyperparameter are not tested."""
LEAST_OF_A_THIRD = 15
DRIFTS = 1e-3
"""Level from which on a metric is said to change over time."""


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
    values = column.tested
    there = ~np.isnan(values)
    x, y = values[there], target[there]
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


def beside_others(columns: Sequence[Column], target: Floats) -> dict[str, float | None]:
    """Return for every column the p-value of its test beside all others (a partial F of the same curves and levels).

    Under a tuner the values of what does not matter drift along with those of what does, and with the metric: alone
    such a hyperparameter seems to matter in most sweeps. Given the others' values the noise is what it always is. None
    where the configurations are too few for all of them together.
    """
    bases = {column.name: _present(column) for column in columns}
    bases = {name: basis for name, basis in bases.items() if basis.shape[1]}
    width = sum(basis.shape[1] for basis in bases.values())
    if target.size < LEAST or 2 * (width + 1) > target.size or np.ptp(target) == 0:
        return dict.fromkeys((column.name for column in columns), None)
    z = standardised(target)
    whole, rank = _left(list(bases.values()), z)
    found: dict[str, float | None] = dict.fromkeys((column.name for column in columns), None)
    from scipy.special import fdtrc

    for name in bases:
        part, smaller = _left([basis for other, basis in bases.items() if other != name], z)
        own, within = rank - smaller, z.size - rank
        if own == 0 or within < 1:
            found[name] = 1.0  # the others say the same: nothing is left for it
        else:
            found[name] = float(fdtrc(own, within, (part - whole) / own / (whole / within))) if whole > 0 else 0.0
    return found


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A metric that goes with the order of the trials, beside all their hyperparameters."""

    p: float
    change: float
    """By how much the last third lies above the first at equal hyperparameters, in the metric's unit."""


def drift_of(columns: Sequence[Column], target: Floats, metric: Floats, order: NDArray[np.int64]) -> Drift | None:
    """Return whether the metric changes over time by more than the hyperparameters tell; None where it does not.

    A partial F-test of a parabola over the order of the trials, beside the curves and levels of all hyperparameters. It
    holds where values were drawn without regard to earlier results: under a tuner, what curves and levels do not tell
    of the function goes with time, too.

    Args:
        columns: used ones, one entry a configuration.
        target: what is tested.
        metric: in its own unit.
        order: positions of the configurations in the order in which they were tried.
    """
    count = target.size
    if count < 3 * LEAST_OF_A_THIRD:
        return None
    place = np.empty(count)
    place[order] = np.arange(count)
    when = Column(name="", role="used", kind="numeric", values=place)
    p = beside_others([*columns, when], target)[when.name]
    if p is None or p >= DRIFTS:
        return None
    bases = [basis for column in columns if (basis := _present(column)).shape[1]]
    design = np.column_stack([np.ones(count), *bases])
    left = (metric - design @ np.linalg.lstsq(design, metric, rcond=None)[0])[order]
    third = count // 3
    return Drift(p=p, change=float(left[-third:].mean() - left[:third].mean()))


def _present(column: Column) -> Floats:
    """Return the columns (n, k) of a curve or of levels, zero where the hyperparameter is not there, and that it is."""
    values = column.tested
    there = ~np.isnan(values)
    x = values[there]
    if x.size == 0:
        return np.empty((there.size, 0))
    own = np.zeros((there.size, 0))
    if np.ptp(x) > 0:
        basis = _levels(x) if column.kind == "categorical" else _parabola(x)
        own = np.zeros((there.size, basis.shape[1]))
        own[there] = basis
    return own if there.all() else np.column_stack([own, there.astype(float)])


def _left(bases: Sequence[Floats], z: Floats) -> tuple[float, int]:
    """Return the sum of squares that a least-squares fit leaves, and its rank."""
    design = np.column_stack([np.ones(z.size), *bases])
    found, _, rank, _ = np.linalg.lstsq(design, z, rcond=None)
    return float(((z - design @ found) ** 2).sum()), int(rank)


def _tested(name: str, method: str, basis: Floats, x: Floats, y: Floats) -> Effect:
    from scipy.special import fdtrc

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
    ranks = rankdata(x)
    u = 2 * (ranks - ranks.min()) / np.ptp(ranks) - 1
    return u[:, None] if np.unique(x).size == 2 else np.column_stack([u, u * u])
