"""Intervals of shares and of correlations.

All need only the normal quantile; to import statsmodels' `proportion_confint` or `scipy.stats` for that costs every
command a second. Tests hold them to statsmodels and scipy. For bands of means see `bands`.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95


def wilson(share: ArrayLike, count: int, level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's (1927) interval of shares of `count`, each limit in the shares' shape.

    Five of five are no certainty here, as they are in a bootstrap.
    """
    share = np.asarray(share, dtype=np.float64)
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    # At a share of 0 or 1 one limit is that share itself, whatever rounding says.
    return np.where(share <= 0.0, 0.0, middle - half), np.where(share >= 1.0, 1.0, middle + half)


def pearson_interval(r: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of Pearson's r of n > 3 pairs by Fisher's z (1921), of standard error 1 / sqrt(n - 3)."""
    return _fisher(r, 1.0 / (n - 3), level) if abs(r) < 1.0 else (r, r)


def spearman_interval(rho: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of Spearman's rho of n > 3 pairs (Bonett and Wright 2000, Psychometrika 65, eq. 4).

    Fisher's z has no value at a perfect rho. The nearest smaller step of a rho is 6 / (n^3 - n) away; half of it is
    taken off, so that four trials in a perfect order are not certain to be so again.
    """
    if abs(rho) >= 1.0:
        rho = math.copysign(1.0 - 3.0 / (n**3 - n), rho)
    return _fisher(rho, (1.0 + rho * rho / 2.0) / (n - 3), level)


def _fisher(r: float, variance: float, level: float) -> tuple[float, float]:
    """Return tanh(atanh(r) -+ z sqrt(variance))."""
    half = NormalDist().inv_cdf(0.5 + level / 2.0) * math.sqrt(variance)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
