"""Sizes of effects with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.distributions import root

LEVEL = 0.95
ALL = 1e-14
"""Less than this share left within the levels is rounding."""


@dataclass(frozen=True)
class Effect:
    """The size of an effect, its interval (None where it cannot be found), and the p-value of there being none."""

    value: float
    lower: float | None
    upper: float | None
    p: float


def epsilon_squared(groups: NDArray, response: NDArray[np.float64]) -> Effect:
    """Return the share of the response's variance that lies between groups, with the F-test's p-value.

    The plain eta squared is too large by (k - 1) / (n - 1) where groups do not differ; epsilon squared (Kelley 1935) is
    not. It is cut at 0.

    Args:
        groups: shape (n,), at least two different values and fewer than n.
        response: shape (n,), not constant.
    """
    from scipy.special import fdtrc

    codes, at = np.unique(groups, return_inverse=True)
    n, k = response.size, codes.size
    unit = standardised(response)
    means = np.bincount(at, unit) / np.bincount(at)
    total = float((unit**2).sum())
    within = float(((unit - means[at]) ** 2).sum())
    eta = max(0.0, 1 - within / total)
    if within <= total * ALL:
        return Effect(1.0, 1.0, 1.0, 0.0)
    statistic = (eta / (k - 1)) / ((1 - eta) / (n - k))
    share = max(0.0, 1 - (1 - eta) * (n - 1) / (n - k))
    lower, upper = share_interval(share, statistic, k - 1, n - k)
    return Effect(share, lower, upper, float(fdtrc(k - 1, n - k, statistic)))


def standardised(response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a response with mean 0 and standard deviation 1: no answer hangs on its unit.

    Args:
        response: finite, not constant.
    """
    from_middle = response - np.median(response)
    scaled = from_middle / np.abs(from_middle).max()
    return np.asarray((scaled - scaled.mean()) / scaled.std())


def share_interval(
    share: float, statistic: float, between: int, within: int, level: float = LEVEL
) -> tuple[float | None, float | None]:
    """Return the interval of a share of variance from its F statistic.

    The ends invert the noncentral F distribution (Steiger 2004, Psychological Methods 9): a share is
    lambda / (lambda + n). An estimate on another principle may lie outside in a few samples of pure chance; the
    interval is widened to hold it.
    """
    low = share_limit(statistic, between, within, 0.5 + level / 2)
    high = share_limit(statistic, between, within, 0.5 - level / 2)
    return None if low is None else min(low, share), None if high is None else max(high, share)


def share_limit(statistic: float, between: int, within: int, quantile: float) -> float | None:
    """Return the share of variance at which the statistic is this quantile of its distribution; 0 where none is."""
    from scipy.special import fdtr, ncfdtr

    n = between + within + 1
    if fdtr(between, within, statistic) <= quantile:
        return 0.0
    top = 10.0 + 2 * statistic * between
    for _ in range(60):
        value = ncfdtr(between, within, top, statistic)
        if np.isnan(value):
            return None
        if value < quantile:
            break
        top *= 2
    found = root(lambda size: float(ncfdtr(between, within, size, statistic)) - quantile, 1e-12, top, xtol=1e-8)
    return float(found / (found + n))
