"""Sizes of effects with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def eta_squared(groups: NDArray, response: NDArray[np.float64]) -> Effect:
    """Return the share of the response's variance that lies between groups, with the F-test's p-value.

    The interval inverts the noncentral F distribution (Steiger 2004, Psychological Methods 9): eta squared is
    lambda / (lambda + n).

    Args:
        groups: shape (n,), at least two different values and fewer than n.
        response: shape (n,), not constant.
    """
    from scipy.stats import f

    codes, at = np.unique(groups, return_inverse=True)
    n, k = response.size, codes.size
    means = np.bincount(at, response) / np.bincount(at)
    total = float(((response - response.mean()) ** 2).sum())
    within = float(((response - means[at]) ** 2).sum())
    eta = 1 - within / total
    if within <= total * ALL:
        return Effect(1.0, 1.0, 1.0, 0.0)
    statistic = (eta / (k - 1)) / ((1 - eta) / (n - k))
    lower, upper = _noncentral(statistic, k - 1, n - k, n)
    return Effect(eta, lower, upper, float(f.sf(statistic, k - 1, n - k)))


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
