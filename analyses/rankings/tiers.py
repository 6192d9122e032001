"""Confidence sets of ranks and tiers, from estimates and their covariance.

An algorithm's rank is one more than the number of algorithms that are truly better. With intervals of all differences
that hold together with 95 %, those that are certainly better bound the rank from below and those that are certainly
worse from above; the bounds of all algorithms then hold together (simultaneous), or each for itself (marginal: its own
differences only). The critical value is that of the largest |t| among all differences, as for the pairs of a model, so
that both say the same of a pair; what stepping down would show besides is told apart.
Source: Mogstad, Romano, Shaikh & Wilhelm (2024), Rev. Econ. Stud. 91, sections 3.1 to 3.3; Romano & Wolf (2005),
Econometrica 73, for the stepping down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.reading.verdicts import carried
from hpowh.analyses.mixed_models.studies.failures import NAMES
from hpowh.analyses.rankings.blocks import Floats
from hpowh.analyses.rankings.leaderboard import Measure

DRAWS = 20_000
AT_ONCE = 4_000_000
"""So many differences of draws are held at once."""
LEVEL = 0.95
MOST_NAMED, MOST_STEPPED = 8, 3


@dataclass(frozen=True)
class RankSets:
    """Ranks (A,) that an algorithm may have, ends included, and which differ: [i, j] is True where i is better.

    `by_stepping` (A, A): the differences that stepping down would show besides.
    """

    lower: Floats
    upper: Floats
    is_better: np.ndarray
    by_stepping: np.ndarray

    @property
    def tiers(self) -> np.ndarray:
        """The tier of every algorithm (A,): 1 where none is certainly better, else one below the lowest that is."""
        size = len(self.lower)
        found = np.ones(size, dtype=int)
        for _ in range(size):
            above = np.where(self.is_better, found[:, None] + 1, 1).max(axis=0, initial=1)
            if (above == found).all():
                break
            found = above
        return found


def rank_sets(
    losses: Floats,
    covariance: Floats,
    df: float,
    *,
    is_marginal: bool = False,
    is_apart: bool = False,
    level: float = LEVEL,
    seed: int = 0,
) -> RankSets:
    """Return the confidence sets of ranks (1 is the smallest loss).

    Args:
        losses: estimates (A,); smaller is better.
        covariance: theirs (A, A); `df`: its degrees of freedom.
        is_marginal: each algorithm's set holds with `level` by itself; otherwise all of them together.
        is_apart: every difference has an error estimated by itself (paired t tests): no common multivariate t holds
            for all, and Bonferroni's inequality is taken.
        seed: of the multivariate t's draws.
    """
    # In the order of the losses, so that neither names nor units choose the draws.
    order = np.argsort(losses, kind="stable")
    own = covariance[np.ix_(order, order)]
    decided, first, t_value = _decided(losses[order], own, df, is_marginal, is_apart, level, seed)
    back = np.ix_(np.argsort(order), np.argsort(order))
    decided, first, t_value, size = decided[back], first[back], t_value[back], len(losses)
    # A row of the table is about its own algorithm: whether others are better or worse than it.
    better_than_it = first & (t_value > 0)
    worse_than_it = first & (t_value < 0)
    lower, upper = 1.0 + better_than_it.sum(axis=1), size - worse_than_it.sum(axis=1).astype(float)
    return RankSets(lower, upper, better_than_it.T, (decided & ~first & (t_value > 0)).T)


def _decided(
    losses: Floats, covariance: Floats, df: float, is_marginal: bool, is_apart: bool, level: float, seed: int
) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Return which differences (A, A) are certain, which of them in the first step, and all t values (A, A)."""
    size = len(losses)
    difference = losses[:, None] - losses[None, :]
    spread = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2.0 * covariance
    error = np.sqrt(np.maximum(spread, 0.0))
    np.fill_diagonal(error, np.inf)
    # Two algorithms without any error between them differ for certain, if they do at all.
    is_known = error > 1e-12 * float(np.sqrt(np.diag(covariance).max(initial=0.0)))
    t_value = np.divide(difference, error, out=np.sign(difference) * 1e300, where=is_known)
    draws = None if is_apart else _draws(covariance, df, np.random.default_rng(seed))
    open_pairs = is_known & ~np.eye(size, dtype=bool)
    decided = ~is_known & (difference != 0)
    first = None
    while open_pairs.any():
        critical = _critical(draws, error, open_pairs, df, level, by_row=is_marginal)
        found = open_pairs & (np.abs(t_value) > critical)
        if not found.any():
            break
        decided = decided | found
        first = decided if first is None else first
        open_pairs &= ~found
    return decided, decided if first is None else first, t_value


def _critical(
    draws: Floats | None, error: Floats, open_pairs: np.ndarray, df: float, level: float, *, by_row: bool
) -> Floats:
    """Return the level's quantile of the largest |t| among the open differences (1, 1), or by row (A, 1).

    Of a single difference it is Student's t's own, not one of draws; without draws it is Bonferroni's.
    """
    from scipy.special import ndtri, stdtrit

    if draws is None:
        count = open_pairs.sum(axis=1)[:, None] if by_row else np.full((1, 1), open_pairs.sum() / 2)
        return np.asarray(stdtrit(df, 1 - (1 - level) / (2 * np.maximum(1, count))))
    own = float(stdtrit(df, (1 + level) / 2) if np.isfinite(df) else ndtri((1 + level) / 2))
    if not by_row and open_pairs.sum() == 2:
        return np.full((1, 1), own)
    found = np.atleast_1d(np.quantile(_largest(draws, error, open_pairs, by_row=by_row), level, axis=0))
    return np.where(open_pairs.sum(axis=1) == 1, own, found)[:, None] if by_row else found[:, None]


def _draws(covariance: Floats, df: float, rng: np.random.Generator) -> Floats:
    """Return draws (DRAWS, A) of a multivariate t about zero."""
    values, vectors = np.linalg.eigh(covariance)
    # The symmetric root does not hang on the signs and order of the eigenvectors, which rounding turns.
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    draws = rng.standard_normal((DRAWS, len(covariance))) @ root
    if not np.isfinite(df):
        return draws
    return draws / np.sqrt(rng.chisquare(df, DRAWS) / df)[:, None]


def _largest(draws: Floats, error: Floats, is_open: np.ndarray, *, by_row: bool) -> Floats:
    """Return the largest |t| among the open differences of every draw: (DRAWS,), or by row (DRAWS, A)."""
    size = draws.shape[1]
    step = max(1, AT_ONCE // size**2)
    weight = np.divide(1.0, error, out=np.zeros_like(error), where=is_open)
    parts = []
    for start in range(0, len(draws), step):
        part = draws[start : start + step]
        t_values = np.abs(part[:, :, None] - part[:, None, :]) * weight
        parts.append(t_values.max(axis=2) if by_row else t_values.reshape(len(part), -1).max(axis=1))
    return np.concatenate(parts)


def tier_rows(
    names: Sequence[str],
    estimate: Floats,
    error: Floats,
    together: RankSets,
    alone: RankSets,
    board: Mapping[str, Measure] | None,
    setting: str,
) -> list[dict[str, Any]]:
    """Return the rows of `ranking_tier`, the best tier first; `board` is None where no block is complete."""
    tiers = together.tiers
    rows = []
    for i, name in enumerate(names):
        row = {
            "setting": setting,
            "algorithm": name,
            "estimate": estimate[i],
            "standard_error": error[i],
            "rank_lower": int(together.lower[i]),
            "rank_upper": int(together.upper[i]),
            "rank_lower_alone": int(alone.lower[i]),
            "rank_upper_alone": int(alone.upper[i]),
            "tier": int(tiers[i]),
            "is_tied_with_best": bool(together.lower[i] == 1),
        }
        for what in ("win_rate", "elo", "improvability"):
            one = board[what] if board else None
            row |= {
                what: one.value[i] if one else None,
                f"{what}_lower": one.lower[i] if one else None,
                f"{what}_upper": one.upper[i] if one else None,
            }
        rows.append(row)
    return sorted(rows, key=lambda row: (row["tier"], row["rank_upper"], row["rank_lower"], row["algorithm"]))


def tier_sentence(rows: Sequence[Mapping[str, Any]], response: str, *, has_budgets: bool = True) -> str:
    """Say who may be first by the means of what, and how much of the order is settled.

    Args:
        has_budgets: whether the experiment has any: else its values stand at no budget, and none is named.
    """
    first = [row["algorithm"] for row in rows if row["is_tied_with_best"]]
    exact = sum(row["rank_lower"] == row["rank_upper"] for row in rows)
    named = _listed(first)
    where = f" {_where(rows[0]['setting'])}" if has_budgets else ""
    lead = (
        f"By mean {response}{where}, {named} is first."
        if len(first) == 1
        else f"By mean {response}{where}, first may be any of {len(first)} of {len(rows)}: {named}."
    )
    if not exact:
        return f"{lead} None of the {len(rows)} ranks is settled at 95 %, all taken together."
    verb = "is" if exact == 1 else "are"
    return f"{lead} Of {len(rows)} ranks {exact} {verb} settled at 95 %, all taken together."


def stepped_sentence(names: Sequence[str], together: RankSets) -> str | None:
    """Say which differences stepping down would show besides; None where there are none."""
    pairs = [(names[i], names[j]) for i, j in np.argwhere(together.by_stepping).tolist()]
    if not pairs:
        return None
    named = ", ".join(f"{one} ahead of {other}" for one, other in pairs[:MOST_STEPPED])
    more = f" and {len(pairs) - MOST_STEPPED} more" if len(pairs) > MOST_STEPPED else ""
    return (
        f"Stepping down, which tests the nearer differences once the wider ones are settled, would show {named}{more} "
        "at 5 %, too; ranks and tiers are by one critical value for all pairs, as a model's p-values are."
    )


HANGS = "Who may be first hangs on what failed runs count"
"""Begins the sentence that goes wherever the one on who is first goes."""


def first_by_policy(first: Mapping[str, Sequence[str]]) -> str | None:
    """Say that who may be first hangs on what a failed run counts; None where it does not.

    Args:
        first: policy -> who may be first under it.
    """
    if len({frozenset(names) for names in first.values()}) < 2:
        return None
    said = [f"{NAMES[policy]}: {_listed(names)}" for policy, names in first.items()]
    return f"{HANGS}: {'; '.join(said)}."


def tier_caveats(said: Sequence[str]) -> list[str]:
    """Return the sentences of a run that go wherever the one on who is first goes."""
    return [*carried(said), *(sentence for sentence in said if sentence.startswith(HANGS))]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _where(setting: str) -> str:
    """Return at which budget, or over which points, the means are taken."""
    if not setting:
        return "over all points"
    return "at each benchmark's own budget" if "own" in setting else f"at {setting.replace('= ', '')}"
