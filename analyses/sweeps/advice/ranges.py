"""Where the best trials lie, and which combinations have hardly been tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.intervals import wilson
from hpowh.analyses.sweeps.reading.columns import MISSING, Column, Floats
from hpowh.analyses.sweeps.reading.conditions import chance_among
from hpowh.analyses.sweeps.reading.patterns import tried_values
from hpowh.analyses.sweeps.reading.prepare import Prepared

BEST = 0.1
"""The trials that count as the best, unless another share is asked for."""
LEAST_BEST = 5
DRAWS = 500
UNTRIED_MOST = 5
AMONG = 40
"""Pairs are looked at among so many hyperparameters, the first ones."""
EXPECTED = 4.0
"""A cell without trials is worth naming where so many were to be expected; chance alone leaves such a cell empty in
fewer than 2 % of cases."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """Where the best trials lie on one hyperparameter: an interval in its own unit, or the share of one level."""

    hyperparameter: str
    level: str | None
    best_count: int
    """Of the best trials, those that have the hyperparameter."""
    lower: float | None = None
    lower_from: float | None = None
    lower_to: float | None = None
    upper: float | None = None
    upper_from: float | None = None
    upper_to: float | None = None
    """10 % and 90 % quantile of the best trials' values, each with its 95 % bootstrap interval."""
    tried_lower: float | None = None
    tried_upper: float | None = None
    share: float | None = None
    share_from: float | None = None
    share_to: float | None = None
    """Share of the best trials that have the level; the wider of its 95 % bootstrap and Wilson's interval."""
    tried_share: float | None = None
    p: float | None = None
    """Share of random choices of as many trials in which any hyperparameter is as narrow (or a level as common) for its
    own as this one is among the best."""
    reason: str | None = None


def best_ranges(prepared: Prepared, loss: Floats, seed: int, share: float = BEST) -> list[Range]:
    """Return where the best `share` of the trials lies; whole trials are resampled for the intervals.

    Only trials that have the hyperparameter count; imputed values do not.
    """
    count = int(np.ceil(share * loss.size))
    if count < LEAST_BEST:
        why = f"the best {100 * share:g} % of {loss.size} trials are {count}, at least {LEAST_BEST} are needed"
        return [Range(hyperparameter=column.name, level=None, best_count=count, reason=why) for column in prepared.used]
    order = np.argsort(loss, kind="stable")
    draws = order[_best_of_resamples(loss.size, count, seed)]
    chance = _by_chance(prepared.used, order[:count], loss.size, seed)
    result: list[Range] = []
    for at, column in enumerate(prepared.used):
        found = [_interval(column, order[:count], draws)] if column.kind == "numeric" else None
        found = _shares(column, order[:count], draws) if found is None else found
        result += [replace(one, p=float(chance[at])) if one.reason is None else one for one in found]
    return result


def _by_chance(used: Sequence[Column], best: NDArray[np.int64], n: int, seed: int) -> Floats:
    """Return per hyperparameter how often chance narrows any of them as much, each on the scale of its own chance."""
    random = np.random.default_rng(seed + 1)
    drawn = np.stack([random.permutation(n)[: best.size] for _ in range(DRAWS)])
    found = np.stack([
        _narrowness(column, best, chance_among(column, best, drawn, [seed, i])) for i, column in enumerate(used)
    ])  # fmt: skip
    usual = np.maximum(np.quantile(found[:, 1:], 0.95, axis=1), 1e-12)
    ratio = found / usual[:, None]
    return (1 + (ratio[:, 1:].max(axis=0)[None, :] >= ratio[:, :1]).sum(axis=1)) / (1 + DRAWS)


def _narrowness(column: Column, best: NDArray[np.int64], drawn: NDArray[np.int64]) -> Floats:
    """Return, of the best and of each row of drawn trials, how far they keep to a part.

    Of numbers 1 less the share of the tried range that holds their middle 80 %; of categories the largest excess of a
    level, in standard deviations. Only trials that have the hyperparameter count.
    """
    there = ~np.isnan(column.tested)
    best = best[there[best]]
    if best.size < LEAST_BEST:
        return np.zeros(1 + len(drawn))
    chosen = np.vstack([best[None], drawn])
    if column.kind == "numeric":
        low, high = np.quantile(column.values[chosen], [0.1, 0.9], axis=1)
        return 1 - (high - low) / np.ptp(column.values[there])
    size = len(column.levels)
    codes = column.values.astype(np.int64)
    flat = codes[chosen] + size * np.arange(len(chosen))[:, None]
    share = np.bincount(flat.ravel(), minlength=size * len(chosen)).reshape(-1, size) / chosen.shape[1]
    tried = np.bincount(codes[there], minlength=size) / there.sum()
    spread = np.sqrt(np.maximum(tried * (1 - tried), 1e-12) / chosen.shape[1])
    return np.maximum(((share - tried) / spread).max(axis=1), 0.0)


def _best_of_resamples(n: int, count: int, seed: int) -> NDArray[np.int64]:
    """Return, (resamples, count), the places of the best of each resample in the order of all trials."""
    random = np.random.default_rng(seed)
    return np.stack([np.partition(random.integers(0, n, n), count - 1)[:count] for _ in range(DRAWS)])


def _interval(column: Column, best: NDArray[np.int64], draws: NDArray[np.int64]) -> Range:
    values = column.values
    count, among = best.size, int((~np.isnan(values[best])).sum())
    if among < LEAST_BEST:
        why = f"fewer than {LEAST_BEST} of the best {count} trials have it"
        return Range(hyperparameter=column.name, level=None, best_count=count, reason=why)
    # Whole numbers, and those of few values, lie between values that can be set.
    is_kept = column.is_integer or tried_values(column) is not None
    method: Literal["inverted_cdf", "linear"] = "inverted_cdf" if is_kept else "linear"
    low, high = np.nanquantile(values[best], [0.1, 0.9], method=method)
    some = values[draws]
    missing = np.isnan(some)
    if missing.any():
        ends = np.array([np.nanquantile(one, [0.1, 0.9], method=method) for one in some[~missing.all(axis=1)]])
    else:
        ends = np.quantile(some, [0.1, 0.9], axis=1, method=method).T
    (low_from, high_from), (low_to, high_to) = np.percentile(ends, [2.5, 97.5], axis=0, method=method)

    def shown(number: float) -> float:
        own = float(10**number if column.is_log else number)
        return float(round(own)) if column.is_integer and is_kept else own

    return Range(
        hyperparameter=column.name,
        level=None,
        best_count=among,
        lower=shown(low),
        lower_from=shown(low_from),
        lower_to=shown(low_to),
        upper=shown(high),
        upper_from=shown(high_from),
        upper_to=shown(high_to),
        tried_lower=shown(np.nanmin(values)),
        tried_upper=shown(np.nanmax(values)),
    )


def _shares(column: Column, best: NDArray[np.int64], draws: NDArray[np.int64]) -> list[Range]:
    size, count = len(column.levels), best.size
    codes, there = column.values.astype(np.int64), ~np.isnan(column.tested)
    among = int(there[best].sum())
    if among < LEAST_BEST:
        why = f"fewer than {LEAST_BEST} of the best {count} trials have it"
        return [Range(hyperparameter=column.name, level=None, best_count=count, reason=why)]
    mine = np.bincount(codes[best][there[best]], minlength=size) / among
    all_shares = np.bincount(codes[there], minlength=size) / there.sum()
    weighed = there[draws].astype(float)
    flat = codes[draws] + size * np.arange(len(draws))[:, None]
    boot = np.bincount(flat.ravel(), weighed.ravel(), minlength=size * len(draws)).reshape(-1, size)
    boot = boot[weighed.any(axis=1)] / weighed.sum(axis=1)[weighed.any(axis=1), None]
    lower, upper = np.percentile(boot, [2.5, 97.5], axis=0)
    low, high = wilson(mine, among)
    lower, upper = np.minimum(lower, low), np.maximum(upper, high)
    return [
        Range(
            hyperparameter=column.name,
            level=level,
            best_count=among,
            share=float(mine[i]),
            share_from=float(lower[i]),
            share_to=float(upper[i]),
            tried_share=float(all_shares[i]),
        )
        for i, level in enumerate(column.levels)
        if not (column.is_conditional and level == MISSING)
    ]


@dataclass(frozen=True)
class Untried:
    """A combination of two hyperparameters that no trial has, though trials of either are common."""

    a: str
    b: str
    part_a: str
    part_b: str
    expected: float
    """Trials to be expected there, were the two varied independently of each other."""


def untried(prepared: Prepared) -> list[Untried]:
    """Return the emptiest corners: thirds of the tried range (or levels) of two hyperparameters without any trial.

    Only trials that have both count, so that a combination that a conditional space forbids is never named.
    """
    parts = [_thirds(column) for column in prepared.used[:AMONG]]
    found = []
    for i, j in combinations(range(len(parts)), 2):
        (at_a, names_a), (at_b, names_b) = parts[i], parts[j]
        both = (at_a >= 0) & (at_b >= 0)
        table = np.bincount(at_a[both] * len(names_b) + at_b[both], minlength=len(names_a) * len(names_b))
        table = table.reshape(len(names_a), len(names_b))
        expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / max(1, int(both.sum()))
        for r, c in zip(*np.nonzero((table == 0) & (expected >= EXPECTED)), strict=True):
            names = prepared.used[i].name, prepared.used[j].name
            found.append(Untried(*names, names_a[r], names_b[c], float(expected[r, c])))
    return sorted(found, key=lambda one: -one.expected)[:UNTRIED_MOST]


def _thirds(column: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Return each trial's third or level (-1 where it lacks the hyperparameter), and what they are called."""
    if column.kind == "categorical":
        codes = column.values.astype(np.int64)
        return np.where(codes == (column.levels.index(MISSING) if MISSING in column.levels else -1), -1, codes), list(
            column.levels
        )
    values = column.values
    cuts = np.linspace(np.nanmin(values), np.nanmax(values), 4)
    at = np.clip(np.searchsorted(cuts, values, side="right") - 1, 0, 2).astype(np.int64)
    ends = 10**cuts if column.is_log else cuts
    return np.where(np.isnan(values), -1, at), [f"{ends[k]:.3g} to {ends[k + 1]:.3g}" for k in range(3)]
