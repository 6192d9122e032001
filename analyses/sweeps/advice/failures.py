"""Why trials failed: settings that separate them from those that finished, and how likely a new one is to finish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import MISSING, OTHER, Column, Floats, Raw
from hpowh.analyses.sweeps.reading.prepare import Prepared, code_rows
from hpowh.analyses.sweeps.trees.ensemble import Ensemble, extra_trees

LEVEL = 0.05
CUTS = 9
"""Numbers are cut at so many of their quantiles at most."""
RULES = 5
"""So many rules at most, each among the trials that those before it leave."""
AMONG = 30
"""Pairs are made of settings of so many hyperparameters at most, those that separate best."""
TREES = 100
ALL_FAILED = 3
"""A setting of at least so many trials that all failed is ruled out."""
CHANCE = 0.02
"""A pair of settings is ruled out only where chance would fail all its trials less often."""
LEAST_BAD = 3

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A setting, or two together, in which trials fail more often than elsewhere."""

    setting: str
    hyperparameters: tuple[str, ...]
    count: int
    bad_count: int
    other_count: int
    other_bad_count: int
    p: float
    p_adjusted: float
    """Fisher's exact test, one-sided; Bonferroni over every setting and pair that was looked at."""


@dataclass(frozen=True)
class _Setting:
    hyperparameter: int
    text: str
    holds: Bools


def explain(prepared: Prepared, is_bad: Bools, families: int = 1) -> list[Rule]:
    """Return what separates the bad trials, as a list of rules: the clearest, then the clearest of the other trials.

    Args:
        prepared: the hyperparameters of all trials that ended, bad or good.
        families: ways of ending badly (failed, diverged, pruned) that are explained: they share one level.
    """
    if is_bad.sum() < LEAST_BAD or is_bad.all() or not prepared.used:
        return []
    settings = [one for j, column in enumerate(prepared.used) for one in _settings(column, j)]
    if not settings:
        return []
    holds = np.stack([one.holds for one in settings]).astype(float)
    owner = np.array([one.hyperparameter for one in settings])
    remain = np.ones(is_bad.size, dtype=bool)
    rules: list[Rule] = []
    while len(rules) < RULES and (is_bad & remain).sum() >= LEAST_BAD:
        found = _clearest(settings, holds[:, remain], owner, is_bad[remain])
        if found is None or families * found[1] >= LEVEL:
            break
        chosen, adjusted, p = found[0], families * found[1], found[2]
        inside = np.logical_and.reduce([settings[i].holds for i in chosen]) & remain
        rules.append(Rule(
            setting=" and ".join(settings[i].text for i in chosen),
            hyperparameters=tuple(prepared.used[settings[i].hyperparameter].name for i in chosen),
            count=int(inside.sum()), bad_count=int((inside & is_bad).sum()), other_count=int((remain & ~inside).sum()),
            other_bad_count=int((remain & ~inside & is_bad).sum()), p=p, p_adjusted=adjusted,
        ))  # fmt: skip
        remain &= ~inside
    return rules


def _clearest(
    settings: Sequence[_Setting], holds: Floats, owner: NDArray[np.int64], is_bad: Bools
) -> tuple[tuple[int, ...], float, float] | None:
    """Return the setting (or pair) with the smallest p, its adjusted p and p; a pair only where it says more."""
    bad = is_bad.astype(float)
    n, total = is_bad.size, int(is_bad.sum())
    single = _tail(holds @ bad, holds.sum(axis=1), n, total)
    order = np.argsort(single, kind="stable")
    among = set(owner[order][np.sort(np.unique(owner[order], return_index=True)[1])][:AMONG].tolist())
    some = np.array([i for i in range(len(settings)) if owner[i] in among])
    count = holds[some] @ holds[some].T
    hits = (holds[some] * bad) @ holds[some].T
    pair = _tail(hits, count, n, total)
    pair[owner[some][:, None] >= owner[some][None, :]] = 1.0
    tests = len(settings) + int((owner[some][:, None] < owner[some][None, :]).sum())
    best = int(order[0])
    a, b = np.unravel_index(int(np.argmin(pair)), pair.shape)
    purity = float(holds[best] @ bad) / max(1.0, float(holds[best].sum()))
    if pair[a, b] < single[best] and hits[a, b] / max(1.0, count[a, b]) > purity:
        p = float(pair[a, b])
        return (int(some[a]), int(some[b])), min(1.0, p * tests), p
    return (best,), min(1.0, float(single[best]) * tests), float(single[best])


def _tail(hits: Floats, count: Floats, n: int, total: int) -> Floats:
    """Return the probability of as many bad ones or more among `count` of n trials, `total` of them bad."""
    from scipy.stats import hypergeom

    rounded = np.rint(hits).astype(int), np.rint(count).astype(int)
    return np.asarray(hypergeom.sf(rounded[0] - 1, n, total, rounded[1]))


def _settings(column: Column, j: int) -> list[_Setting]:
    if column.kind == "categorical":
        if len(column.levels) < 2:
            return []
        return [
            _Setting(
                j, f"without {column.name}" if level == MISSING else f"{column.name} = {level}", column.values == i
            )
            for i, level in enumerate(column.levels)
            if level != OTHER
        ]
    found = column.values[~np.isnan(column.values)]
    distinct = np.unique(found)
    cuts = (distinct[1:] + distinct[:-1]) / 2
    if cuts.size > CUTS:
        wanted = np.quantile(found, np.linspace(0, 1, CUTS + 2)[1:-1])
        cuts = np.unique(cuts[np.clip(np.searchsorted(cuts, wanted), 0, cuts.size - 1)])
    result = []
    for cut in cuts:
        shown = f"{10**cut if column.is_log else cut:.3g}"
        above = np.nan_to_num(column.values, nan=-np.inf) > cut
        below = np.nan_to_num(column.values, nan=np.inf) <= cut
        result += [_Setting(j, f"{column.name} > {shown}", above), _Setting(j, f"{column.name} <= {shown}", below)]
    return result


@dataclass(frozen=True, kw_only=True)
class Finishing:
    """How likely a configuration finishes with a value, from those that did and those that did not."""

    prepared: Prepared
    model: Ensemble
    rate: float
    codes: Floats
    is_good: Bools

    def probability(self, codes: Floats) -> Floats:
        """Return the probability that trials with these codes finish with a value."""
        return np.clip(self.model.predict(self.prepared.encode(codes)), 0.0, 1.0)

    def is_ruled_out(self, codes: Floats) -> Bools:
        """Return which have a level, a tried number or a pair of these that failed in all its trials."""
        own = np.stack([_part(c, self.codes[:, j]) for j, c in enumerate(self.prepared.used)])
        new = np.stack([_part(c, codes[:, j]) for j, c in enumerate(self.prepared.used)])
        result = np.zeros(len(codes), dtype=bool)
        k = len(own)
        enough = max(ALL_FAILED, int(np.ceil(np.log(CHANCE) / np.log(max(1e-9, min(0.999, 1 - self.rate))))))
        for a in range(k):
            result |= np.isin(new[a], _all_failed(own[a], self.is_good, ALL_FAILED))
            for b in range(a + 1, min(k, AMONG)):
                joined = own[a] * 1000 + own[b]
                bad = _all_failed(joined[(own[a] >= 0) & (own[b] >= 0)],
                                  self.is_good[(own[a] >= 0) & (own[b] >= 0)], enough)  # fmt: skip
                if bad.size:
                    result |= np.isin(new[a] * 1000 + new[b], bad) & (new[a] >= 0) & (new[b] >= 0)
        return result


def _part(column: Column, codes: Floats) -> NDArray[np.int64]:
    """Return the level, the tried value of few, or the third of the tried range; -1 where it is none."""
    if column.kind == "categorical":
        return np.nan_to_num(codes, nan=-1).astype(np.int64)
    tried = np.unique(column.values[~np.isnan(column.values)])
    if tried.size <= 20:
        return np.asarray(np.abs(codes[:, None] - tried[None, :]).argmin(axis=1))
    cuts = np.linspace(tried[0], tried[-1], 4)[1:-1]
    return np.searchsorted(cuts, codes)


def _all_failed(parts: NDArray[np.int64], is_good: Bools, least: int) -> NDArray[np.int64]:
    if not parts.size:
        return parts
    values, at = np.unique(parts, return_inverse=True)
    count, good = np.bincount(at), np.bincount(at, is_good)
    return values[(good == 0) & (count >= least) & (values >= 0)]


def fit_finishing(prepared: Prepared, codes: Floats, is_good: Bools, seed: int) -> Finishing | None:
    """Return how likely configurations finish; None where all trials did.

    Args:
        codes: of all trials that ended, in the codes of those that finished; rows with a level unknown there are left.
    """
    known = ~np.isnan(codes).any(axis=1)
    codes, is_good = codes[known], is_good[known]
    if is_good.all() or not is_good.any():
        return None
    model = extra_trees(prepared.encode(codes), is_good.astype(float), seed, trees=TREES, least_leaf=2)
    return Finishing(prepared=prepared, model=model, rate=float(is_good.mean()), codes=codes, is_good=is_good)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """All trials that ended: their hyperparameters, and which of them finished with a value."""

    raw: Sequence[Raw]
    is_good: Bools

    def finishing(self, prepared: Prepared, seed: int) -> Finishing | None:
        """Return how likely configurations finish, in the codes of those that did."""
        if self.is_good.all():
            return None
        return fit_finishing(prepared, code_rows(prepared, self.raw), self.is_good, seed)
