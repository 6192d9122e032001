"""Moments, correlations and small tests of two samples, as `scipy.stats` has them, without its import.

It takes as long to load as a sweep of a hundred trials to analyse. The formulas are its own, step by step; tests hold
every one to it.
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.distributions import Floats, rankdata

MOST_COUNTED = 2000
"""Counts of tables of more rows are not added up as whole numbers: that would take longer than an import."""


class Tested(NamedTuple):
    """A statistic and its p-value."""

    statistic: float
    pvalue: float


def skew(values: Floats) -> float:
    """Return the third central moment in units of the standard deviation; NaN where nothing varies."""
    away = values - values.mean()
    square = float((away**2).mean())
    if square <= (np.finfo(float).eps * float(values.mean())) ** 2:
        return np.nan
    return float((away**2 * away).mean()) / square**1.5


def kurtosis(values: Floats) -> float:
    """Return the excess of the fourth central moment over a normal distribution's; NaN where nothing varies."""
    away = values - values.mean()
    square = float((away**2).mean())
    if square <= (np.finfo(float).eps * float(values.mean())) ** 2:
        return np.nan
    return float(((away**2) ** 2).mean()) / square**2.0 - 3.0


def pearson(x: Floats, y: Floats) -> Tested:
    """Return Pearson's correlation and its two-sided p-value; of three or more pairs of which both vary."""
    units = []
    for values in (np.asarray(x, dtype=float), np.asarray(y, dtype=float)):
        away = values - values.mean()
        most = np.abs(away).max()
        units.append(away / (most * np.linalg.norm(away / most)))
    r = float(np.clip(np.vecdot(*units), -1.0, 1.0))
    half = len(x) / 2 - 1
    return Tested(r, float(min(1.0, 2.0 * special.betaincc(half, half, (abs(r) + 1.0) / 2.0))))


def spearman(x: Floats, y: Floats) -> Tested:
    """Return Spearman's rank correlation and its two-sided p-value, by Student's t."""
    rho = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    free = len(x) - 2
    with np.errstate(divide="ignore"):
        t = rho * np.sqrt(max(0.0, free / np.float64((rho + 1.0) * (1.0 - rho))))
    return Tested(rho, float(2.0 * stats.t.sf(abs(t), free)))


def kendall(x: ArrayLike, y: ArrayLike) -> float:
    """Return Kendall's tau-b of some hundred pairs, of which neither is constant."""
    over, under = np.triu_indices(np.size(x), 1)
    first, second = (np.sign(np.subtract(v[over], v[under])) for v in (np.asarray(x), np.asarray(y)))
    both = int((first * second).sum())
    tau = both / np.sqrt(int((first != 0).sum())) / np.sqrt(int((second != 0).sum()))
    return float(min(1.0, max(-1.0, tau)))


def levene(*samples: Floats) -> Tested:
    """Return the test of equal spreads by distances from the medians (Brown & Forsythe 1974)."""
    away = [np.abs(sample - np.median(sample)) for sample in samples]
    sizes, means = [len(one) for one in away], [one.mean() for one in away]
    count, groups = sum(sizes), len(samples)
    mean = sum(n * m for n, m in zip(sizes, means, strict=True)) / count
    between = (count - groups) * sum(n * (m - mean) ** 2 for n, m in zip(sizes, means, strict=True))
    within = (groups - 1.0) * sum(((one - m) ** 2).sum() for one, m in zip(away, means, strict=True))
    statistic = float(between / within)
    return Tested(statistic, float(special.fdtrc(groups - 1.0, count - groups, statistic)))


def fisher_greater(both: int, first: int, second: int, count: int) -> float:
    """Return Fisher's exact p-value that two sets share at least so many: `both` of `first` and `second` of `count`."""
    if count > MOST_COUNTED:
        from scipy.stats import hypergeom

        return float(hypergeom.sf(both - 1, count, first, second))
    ways = sum(comb(first, k) * comb(count - first, second - k) for k in range(both, min(first, second) + 1))
    return ways / comb(count, second)
