"""Tails and quantiles of the usual distributions, and the signed-rank test, on `scipy.special` alone.

`scipy.stats` has them too, but its import takes longer than the whole analysis of a small experiment. The names are
its names, so that a reader knows them; tests hold every one to it, at the edges as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


class norm:  # noqa: N801 - scipy's name
    """The standard normal distribution."""

    @staticmethod
    def cdf(x: ArrayLike) -> Any:
        """Return P(Z <= x)."""
        return special.ndtr(x)

    @staticmethod
    def sf(x: ArrayLike) -> Any:
        """Return P(Z > x)."""
        return special.ndtr(-np.asarray(x, dtype=float))

    @staticmethod
    def ppf(p: ArrayLike) -> Any:
        """Return the quantile of p."""
        return special.ndtri(p)


class t:  # noqa: N801 - scipy's name
    """Student's t; an infinite `df` is the normal, one that is not positive gives NaN."""

    @staticmethod
    def sf(x: ArrayLike, df: ArrayLike) -> Any:
        """Return P(T > x)."""
        x, df = np.asarray(x, dtype=float), np.asarray(df, dtype=float)
        finite = np.where(np.isfinite(df) & (df > 0), df, 1.0)
        found = np.where(np.isposinf(df), special.ndtr(-x), special.stdtr(finite, -x))
        return np.where(df > 0, found, np.nan)[()]

    @staticmethod
    def ppf(p: ArrayLike, df: ArrayLike) -> Any:
        """Return the quantile of p."""
        p, df = np.asarray(p, dtype=float), np.asarray(df, dtype=float)
        finite = np.where(np.isfinite(df) & (df > 0), df, 1.0)
        found = np.where(np.isposinf(df), special.ndtri(p), special.stdtrit(finite, p))
        return np.where(df > 0, found, np.nan)[()]

    @staticmethod
    def isf(p: ArrayLike, df: ArrayLike) -> Any:
        """Return the x with P(T > x) = p."""
        return -t.ppf(p, df)


class chi2:  # noqa: N801 - scipy's name
    """Chi-squared; one whose `df` is not positive gives NaN."""

    @staticmethod
    def sf(x: ArrayLike, df: ArrayLike) -> Any:
        """Return P(X > x)."""
        x, df = np.asarray(x, dtype=float), np.asarray(df, dtype=float)
        found = special.chdtrc(np.where(df > 0, df, 1.0), np.maximum(x, 0.0))
        return np.where((df > 0) & ~np.isnan(x), found, np.nan)[()]

    @staticmethod
    def ppf(p: ArrayLike, df: ArrayLike) -> Any:
        """Return the quantile of p."""
        half = 0.5 * np.asarray(df, dtype=float)
        return 2.0 * special.gammaincinv(half, p)

    @staticmethod
    def isf(p: ArrayLike, df: ArrayLike) -> Any:
        """Return the x with P(X > x) = p."""
        half = 0.5 * np.asarray(df, dtype=float)
        return 2.0 * special.gammainccinv(half, p)


class f:  # noqa: N801 - scipy's name
    """Fisher's F; degrees of freedom that are not positive give NaN."""

    @staticmethod
    def sf(x: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> Any:
        """Return P(F > x); an infinite `df2` is chi-squared over `df1`."""
        x = np.maximum(np.asarray(x, dtype=float), 0.0)
        df1, df2 = np.asarray(df1, dtype=float), np.asarray(df2, dtype=float)
        known = (df1 > 0) & (df2 > 0)
        finite = np.where(known & np.isfinite(df2), df2, 1.0)
        found = special.fdtrc(np.where(known, df1, 1.0), finite, x)
        if np.isposinf(df2).any():
            found = np.where(np.isposinf(df2), chi2.sf(x * df1, df1), found)
        return np.where(known & ~np.isnan(x), found, np.nan)[()]


class binom:  # noqa: N801 - scipy's name
    """The binomial distribution."""

    @staticmethod
    def pmf(k: ArrayLike, n: int, p: float) -> Any:
        """Return P(X = k) for whole numbers k from 0 to n."""
        k = np.asarray(k, dtype=float)
        return special.binom(n, k) * p**k * (1.0 - p) ** (n - k)


def rankdata(values: ArrayLike, axis: int | None = None) -> Floats:
    """Return ranks from 1, ties sharing the mean; of a matrix along its rows (`axis` 1), else of all values."""
    from hpowh.analyses.statistics.ranks import average_ranks

    array = np.asarray(values, dtype=float)
    if axis is None:
        flat = array.ravel()
        return average_ranks(flat, np.argsort(flat, kind="stable"))
    return np.array([average_ranks(row, np.argsort(row, kind="stable")) for row in array]).reshape(array.shape)


def signed_rank(difference: Floats, *, is_exact: bool) -> tuple[float, float]:
    """Return Wilcoxon's statistic (the smaller rank sum) and its two-sided p-value; zeros are ranked, then dropped.

    Args:
        difference: not all zero.
        is_exact: count all signs of what is not zero, ties as they are; else the normal approximation, corrected for
            ties and without a continuity correction.

    Source: Wilcoxon (1945); zeros as Pratt (1959), J. Am. Stat. Assoc. 54.
    """
    ranks = rankdata(np.abs(difference))
    above, below = float(ranks[difference > 0].sum()), float(ranks[difference < 0].sum())
    count, zeros = len(difference), int((difference == 0).sum())
    if is_exact:
        # Ties make halves of ranks; twice the sums are whole, and counted one rank after the other.
        twice = np.round(2.0 * ranks[difference != 0]).astype(int)
        ways = np.ones(1)
        for rank in twice:
            ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
        tail = ways[: round(2.0 * min(above, below)) + 1].sum() / 2.0 ** len(twice)
        return min(above, below), float(min(1.0, 2.0 * tail))
    mean = (count * (count + 1) - zeros * (zeros + 1)) / 4.0
    square = float(count * (count + 1) * (2 * count + 1)) - zeros * (zeros + 1) * (2 * zeros + 1)
    _, ties = np.unique(np.abs(difference[difference != 0]), return_counts=True)
    square -= 0.5 * float((ties.astype(float) ** 3 - ties).sum())
    z = (min(above, below) - mean) / np.sqrt(square / 24.0)
    return min(above, below), float(min(1.0, 2.0 * norm.sf(abs(z))))


def root(function: Callable[[float], float], low: float, high: float, *, xtol: float = 1e-10) -> float:
    """Return where a function with different signs at both ends is zero, to `xtol`.

    Source: Chandrupatla (1997), Adv. Eng. Softw. 28: halving, or inverse quadratic interpolation where that is safe.

    Raises:
        ValueError: both ends have one sign.
    """
    a, b = high, low
    at_a, at_b = function(a), function(b)
    if at_a != 0.0 and at_b != 0.0 and (at_a > 0) == (at_b > 0):
        raise ValueError("the function has the same sign at both ends")
    share = 0.5
    for _ in range(MOST_STEPS):
        best, at_best = (a, at_a) if abs(at_a) < abs(at_b) else (b, at_b)
        least = xtol / abs(b - a)
        if at_best == 0.0 or least > 0.5:
            return float(best)
        new = a + min(1.0 - least, max(least, share)) * (b - a)
        at_new = function(new)
        if (at_new > 0) == (at_a > 0):
            c, at_c = a, at_a
        else:
            c, at_c, b, at_b = b, at_b, a, at_a
        a, at_a = new, at_new
        along, up = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
        share = 0.5
        if up**2 < along and (1.0 - up) ** 2 < 1.0 - along:
            share = at_a / (at_b - at_a) * at_c / (at_b - at_c)
            share += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
    return float(a)


MOST_STEPS = 200
