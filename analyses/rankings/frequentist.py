"""Rank tests: Friedman with ties, Iman-Davenport, Nemenyi, Wilcoxon with Holm's correction.

Source: Demsar (2006), Statistical comparisons of classifiers over multiple data sets, J. Mach. Learn. Res. 7.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.rankings.blocks import Blocks, Floats
from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.families import tukey_critical, tukey_p
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.statistics.shuffles import least_p, sign_flips
from hpowh.analyses.wording import p_said

LEVEL = 0.05
EXACT_LIMIT = 50
"""Up to this many blocks Wilcoxon's test is exact, also with ties and zeros."""


@dataclass(frozen=True, kw_only=True)
class Omnibus:
    """A test of all algorithms at once; NaN with a reason where it is not defined."""

    name: str
    statistic: float
    df1: float
    df2: float
    p_value: float
    reason: str | None = None


def friedman(blocks: Blocks) -> Omnibus:
    """Return Friedman's chi-squared, corrected for ties (Conover 1999, section 5.8)."""
    ranks = blocks.ranks
    n, k = ranks.shape
    if n < 2:
        return Omnibus(
            name="friedman", statistic=np.nan, df1=k - 1, df2=np.nan, p_value=np.nan, reason="one block only"
        )
    spread = float((ranks**2).sum()) - n * k * (k + 1) ** 2 / 4
    if spread <= 1e-12:
        return Omnibus(
            name="friedman",
            statistic=np.nan,
            df1=k - 1,
            df2=np.nan,
            p_value=np.nan,
            reason="all algorithms tie in every block",
        )
    between = float(((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum())
    statistic = (k - 1) * between / spread
    return Omnibus(
        name="friedman", statistic=statistic, df1=k - 1, df2=np.nan, p_value=float(stats.chi2.sf(statistic, k - 1))
    )


def iman_davenport(blocks: Blocks) -> Omnibus:
    """Return Iman and Davenport's F, which is less conservative than Friedman's chi-squared."""
    found = friedman(blocks)
    n, k = blocks.losses.shape
    df1, df2 = k - 1, (k - 1) * (n - 1)
    if found.reason:
        return Omnibus(name="iman_davenport", statistic=np.nan, df1=df1, df2=df2, p_value=np.nan, reason=found.reason)
    left = n * (k - 1) - found.statistic
    if left <= 1e-9:
        return Omnibus(
            name="iman_davenport",
            statistic=np.nan,
            df1=df1,
            df2=df2,
            p_value=np.nan,
            reason="all blocks agree completely: F is infinite",
        )
    statistic = (n - 1) * found.statistic / left
    return Omnibus(
        name="iman_davenport", statistic=statistic, df1=df1, df2=df2, p_value=float(stats.f.sf(statistic, df1, df2))
    )


def critical_difference(n: int, k: int, level: float = LEVEL) -> float:
    """Return Nemenyi's critical difference of mean ranks."""
    return tukey_critical(np.inf, k, 1.0 - level) * float(np.sqrt(k * (k + 1) / (6.0 * n)))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A comparison of two algorithms: positive `estimate` means that the first is worse."""

    first: str
    second: str
    estimate: float
    statistic: float
    p_value: float
    p_adjusted: float
    reason: str | None = None


def nemenyi(blocks: Blocks) -> list[Pair]:
    """Return Nemenyi's test of all pairs; its p-values are adjusted for the family."""
    n, k = blocks.losses.shape
    mean = blocks.ranks.mean(axis=0)
    members = list(itertools.combinations(range(k), 2))
    differences = np.array([mean[i] - mean[j] for i, j in members])
    statistics = np.abs(differences) / np.sqrt(k * (k + 1) / (6.0 * n))
    tails = tukey_p(statistics, np.full(len(members), np.inf), k)
    return [
        Pair(
            first=blocks.algorithms[i],
            second=blocks.algorithms[j],
            estimate=float(difference),
            statistic=float(statistic),
            p_value=float(p),
            p_adjusted=float(p),
        )
        for (i, j), difference, statistic, p in zip(members, differences, statistics, tails, strict=True)
    ]


def _signed_rank(difference: Floats) -> tuple[float, float]:
    """Return Wilcoxon's statistic and its p-value: exact up to so many blocks that the approximation does as well."""
    return stats.signed_rank(difference, is_exact=len(difference) <= EXACT_LIMIT)


def wilcoxon_holm(blocks: Blocks) -> list[Pair]:
    """Return Wilcoxon's signed-rank test of all pairs, Holm-corrected; zeros are ranked, then dropped (Pratt).

    A pair that could not come below 5 %, however far its algorithms are apart, has that as its reason.
    """
    raw = []
    count = math.comb(len(blocks.algorithms), 2)
    for i, j in itertools.combinations(range(len(blocks.algorithms)), 2):
        difference = blocks.losses[:, i] - blocks.losses[:, j]
        if not difference.any():
            statistic = p = np.nan
            reason: str | None = "no difference in any block"
        else:
            statistic, p = _signed_rank(difference)
            least = least_p(int(np.count_nonzero(difference)), count)
            reason = f"cannot come below {p_said(least)}" if least >= LEVEL else None
        raw.append(
            Pair(
                first=blocks.algorithms[i],
                second=blocks.algorithms[j],
                estimate=float(np.median(difference)),
                statistic=statistic,
                p_value=p,
                p_adjusted=np.nan,
                reason=reason,
            )
        )
    adjusted = holm(np.array([pair.p_value for pair in raw]))
    return [
        Pair(
            first=p.first,
            second=p.second,
            estimate=p.estimate,
            statistic=p.statistic,
            p_value=p.p_value,
            p_adjusted=float(a),
            reason=p.reason,
        )
        for p, a in zip(raw, adjusted, strict=True)
    ]


def sign_flip(blocks: Blocks, first: str, second: str, seed: int = 0, draws: int = 20_000) -> float:
    """Return the permutation p-value of a mean difference over blocks: all sign flips up to 2^16, else a sample."""
    i, j = blocks.algorithms.index(first), blocks.algorithms.index(second)
    return float(sign_flips((blocks.losses[:, i] - blocks.losses[:, j])[:, None], seed, draws)[0])
