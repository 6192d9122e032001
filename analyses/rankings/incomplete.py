"""Blocks in which an algorithm is missing: who costs how many of them, and rank tests that use them.

Sources: Skillings & Mack (1981), On the use of a Friedman-type statistic in balanced and unbalanced block designs,
Technometrics 23; Durbin (1951), Brit. J. Psychol. 4, in the form of Conover (1999), Practical nonparametric statistics,
section 5.9, which is corrected for ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.rankings.blocks import Blocks
from hpowh.analyses.rankings.frequentist import LEVEL, Omnibus, wilcoxon_holm
from hpowh.analyses.statistics import distributions as stats

Floats = NDArray[np.float64]
Row = dict[str, Any]
MOST_NAMED = 3
"""So many algorithms that cost blocks are named in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one algorithm costs: blocks that lack it, those that lack it alone, complete blocks with and without it."""

    algorithm: str
    missing: int
    alone: int
    complete: int
    complete_without: int


def arranged(
    block: Sequence[str], algorithm: Sequence[str], loss: Sequence[float | None]
) -> tuple[tuple[str, ...], Floats]:
    """Return the algorithms and their losses (blocks, algorithms), NaN where there is none."""
    algorithms, names = tuple(sorted(set(algorithm))), tuple(dict.fromkeys(block))
    place, column = {name: i for i, name in enumerate(names)}, {name: j for j, name in enumerate(algorithms)}
    losses = np.full((len(names), len(algorithms)), np.nan)
    for b, a, value in zip(block, algorithm, loss, strict=True):
        losses[place[b], column[a]] = np.nan if value is None else value
    return algorithms, np.where(np.isfinite(losses), losses, np.nan)


def costs(algorithms: Sequence[str], losses: Floats) -> list[Cost]:
    """Return what every algorithm costs, the dearest first."""
    is_missing = np.isnan(losses)
    counts = is_missing.sum(axis=1)
    complete = int((counts == 0).sum())
    found = [
        Cost(
            algorithm=name,
            missing=int(is_missing[:, j].sum()),
            alone=int((is_missing[:, j] & (counts == 1)).sum()),
            complete=complete,
            complete_without=int((np.delete(is_missing, j, axis=1).sum(axis=1) == 0).sum()),
        )
        for j, name in enumerate(algorithms)
    ]
    return sorted(found, key=lambda cost: (-cost.alone, -cost.missing, cost.algorithm))


def cost_sentence(found: Sequence[Cost], total: int) -> str | None:
    """Say who costs how many blocks and what leaving that algorithm out would give; None where all are complete."""
    complete = found[0].complete
    dear = [cost for cost in found if cost.missing]
    if not dear:
        return None
    parts = [
        f"{cost.algorithm} is missing in {cost.missing}"
        + (f" (in {cost.alone} alone: without it {cost.complete_without} are complete)" if cost.alone else "")
        for cost in dear[:MOST_NAMED]
    ]
    more = f"; {len(dear) - MOST_NAMED} more algorithms are missing in some" if len(dear) > MOST_NAMED else ""
    return f"{complete} of {total} blocks hold all algorithms: {'; '.join(parts)}{more}."


def skillings_mack(losses: Floats) -> Omnibus:
    """Return Skillings and Mack's chi-squared for blocks with missing values; Friedman's where none is missing.

    Args:
        losses: shape (blocks, algorithms), NaN where missing. Blocks with fewer than two values carry nothing.
    """
    name = "skillings_mack"
    used = losses[(~np.isnan(losses)).sum(axis=1) >= 2]
    k = losses.shape[1]
    if len(used) < 2:
        return _undefined(name, k, "fewer than two blocks with two values")
    is_there = ~np.isnan(used)
    sums = np.zeros(k)
    for row, there in zip(used, is_there, strict=True):
        size = int(there.sum())
        sums[there] += np.sqrt(12.0 / (size + 1)) * (stats.rankdata(row[there]) - (size + 1) / 2.0)
    together = is_there.T.astype(float) @ is_there.astype(float)
    covariance = -together
    np.fill_diagonal(covariance, 0.0)
    np.fill_diagonal(covariance, -covariance.sum(axis=1))
    rank = int(np.linalg.matrix_rank(covariance))
    if rank < k - 1:
        return _undefined(name, k, "the blocks do not connect all algorithms")
    statistic = float(sums @ np.linalg.pinv(covariance, hermitian=True) @ sums)
    return _chi_squared(name, k, statistic)


def durbin(losses: Floats) -> Omnibus:
    """Return Durbin's chi-squared of a balanced incomplete block design; not defined (with the reason) elsewhere."""
    name, k = "durbin", losses.shape[1]
    is_there = ~np.isnan(losses)
    together = (is_there.T.astype(float) @ is_there.astype(float))[~np.eye(k, dtype=bool)]
    sizes, repeats = is_there.sum(axis=1), is_there.sum(axis=0)
    if len({*sizes.tolist()}) > 1 or len({*repeats.tolist()}) > 1 or len({*together.tolist()}) > 1 or sizes[0] < 2:
        return _undefined(name, k, "the blocks are no balanced incomplete design")
    size, repeat = int(sizes[0]), int(repeats[0])
    ranks = np.zeros(losses.shape)
    for i, there in enumerate(is_there):
        ranks[i, there] = stats.rankdata(losses[i, there])
    spread = float((ranks**2).sum()) - len(losses) * size * (size + 1) ** 2 / 4.0
    if spread <= 1e-12:
        return _undefined(name, k, "all algorithms tie in every block")
    between = float(((ranks.sum(axis=0) - repeat * (size + 1) / 2.0) ** 2).sum())
    statistic = (k - 1) * between / spread
    return _chi_squared(name, k, statistic)


def omnibus_row(test: Omnibus, losses: Floats, setting: str) -> Row:
    """Return a row of `ranking_test` for a test that uses incomplete blocks."""
    used = int(((~np.isnan(losses)).sum(axis=1) >= 2).sum())
    return {
        "setting": setting,
        "test": test.name,
        "statistic": test.statistic,
        "df1": test.df1,
        "df2": test.df2,
        "p_value": test.p_value,
        "critical_difference": None,
        "block_count": used,
        "dropped_count": len(losses) - used,
        "reason": test.reason,
    }


def cost_rows(found: Sequence[Cost], total: int, setting: str) -> list[Row]:
    """Return the rows of `ranking_cost`."""
    return [
        {
            "setting": setting,
            "algorithm": cost.algorithm,
            "missing_count": cost.missing,
            "alone_count": cost.alone,
            "complete_count": cost.complete,
            "complete_without": cost.complete_without,
            "block_count": total,
        }
        for cost in found
    ]


def failure_rows(blocks: Blocks, policy: str, setting: str) -> list[Row]:
    """Return the rows of `ranking_failure` for the blocks under one policy about failed runs."""
    mean = dict(zip(blocks.algorithms, blocks.ranks.mean(axis=0).tolist(), strict=True))
    rows = []
    for pair in wilcoxon_holm(blocks):
        is_known = not np.isnan(pair.p_adjusted)
        difference = pair.estimate or mean[pair.first] - mean[pair.second]
        better = pair.first if difference < 0 else pair.second
        is_apart = is_known and pair.p_adjusted < LEVEL
        rows.append(
            {
                "setting": setting,
                "policy": policy,
                "first": pair.first,
                "second": pair.second,
                "mean_rank_first": mean[pair.first],
                "mean_rank_second": mean[pair.second],
                "p_adjusted": pair.p_adjusted if is_known else None,
                "block_count": len(blocks.losses),
                "verdict": f"{better} better" if is_apart else "no difference seen",
                "reason": pair.reason,
            }
        )
    return rows


def no_failure_row(policy: str, setting: str, reason: str) -> Row:
    """Return the row of a policy under which nothing can be ranked."""
    empty = dict.fromkeys(("mean_rank_first", "mean_rank_second", "p_adjusted", "block_count"))
    place = {"setting": setting, "policy": policy, "first": "", "second": ""}
    return {**place, **empty, "verdict": "not tested", "reason": reason}


def _chi_squared(name: str, k: int, statistic: float) -> Omnibus:
    p = float(stats.chi2.sf(statistic, k - 1))
    return Omnibus(name=name, statistic=statistic, df1=k - 1, df2=np.nan, p_value=p)


def _undefined(name: str, k: int, reason: str) -> Omnibus:
    return Omnibus(name=name, statistic=np.nan, df1=k - 1, df2=np.nan, p_value=np.nan, reason=reason)
