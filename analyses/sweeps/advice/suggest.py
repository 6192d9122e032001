"""What to try next: configurations that the surrogate thinks promising, never outside the space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.sweeps.importance.dependence import own_unit
from hpowh.analyses.sweeps.importance.fanova import GRID_LIMIT
from hpowh.analyses.sweeps.reading.columns import MISSING, OTHER, Column, Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared
from hpowh.analyses.sweeps.reading.rules import NONE, Rules

CANDIDATES = 4000
LOCAL_SHARE = 0.25
"""This share of the candidates are neighbours of the best trials, the rest spread over the space."""
COUNT = 10
APART = 0.1
"""Suggestions differ by at least this mean distance per hyperparameter (0 to 1)."""


@dataclass(frozen=True)
class Suggestion:
    """One configuration in its own units, absent hyperparameters left out, with its prediction."""

    values: dict[str, tuple[float | None, str | None]]
    predicted: float
    deviation: float
    """Standard deviation of the prediction over the trees."""
    expected_improvement: float


def bounds(column: Column, codes: Floats, beyond: float = 0.0) -> tuple[float, float]:
    """Return the ends, on the used scale, between which suggestions stay: the declared range, else what was tried.

    Args:
        beyond: by which share of its width the range is widened at either end, where the reader asked for that.
            Numbers that were all positive (or not negative) stay so.
    """
    low, high = _declared_bounds(column, codes)
    if not beyond:
        return low, high
    more = beyond * (high - low)
    floor = -np.inf if column.is_log or low < 0 else low / 2 if low > 0 else 0.0
    return max(low - more, floor), high + more


def _declared_bounds(column: Column, codes: Floats) -> tuple[float, float]:
    declared = column.declared
    if declared and declared.lower is not None and declared.upper is not None:
        low, high = declared.lower, declared.upper
        return (float(np.log10(low)), float(np.log10(high))) if column.is_log else (low, high)
    return float(codes.min()), float(codes.max())


def suggest(
    prepared: Prepared,
    loss: Floats,
    trees: Callable[[Floats], Floats],
    seed: int,
    count: int = COUNT,
    beyond: float = 0.0,
    rules: Rules = NONE,
) -> list[Suggestion]:
    """Return up to `count` configurations: first those predicted best, then those most worth finding out about.

    The first half is ordered by the predicted mean, the second by expected improvement (Jones et al. 1998) over the
    best trial, which also rewards uncertainty.
    Mean and deviation are those of the trees (Hutter et al. 2011). Where some trials lack a hyperparameter, the space
    is conditional: then a candidate keeps the categories and absences of a trial and only its numbers are new.

    Args:
        loss: lower is better.
        trees: from a one-hot matrix to (trees, rows) predictions of the loss.
        beyond: by which share of their width ranges of numbers are widened; 0 never leaves the space.
        rules: conditions and forbidden combinations of the declared space; what breaks one is not suggested.
    """
    rules = rules.only_of(prepared.names)
    random = np.random.default_rng(seed)
    codes, absent = _candidates(prepared, loss, random, beyond)
    predicted = trees(prepared.encode(codes))
    mean, deviation = predicted.mean(axis=0), predicted.std(axis=0)
    gain = expected_improvement(mean, deviation, float(loss.min()))
    spans = np.array([max(float(np.ptp(codes[:, j])), 1e-12) for j in range(codes.shape[1])])
    is_category = np.array([column.kind == "categorical" for column in prepared.used])
    taken: list[int] = []
    known = prepared.codes
    for order, wanted in ((np.argsort(mean, kind="stable"), count // 2), (np.lexsort((mean, -gain)), count)):
        for i in order:
            if len(taken) == wanted:
                break
            difference = np.abs(np.vstack([known, codes[taken]]) - codes[i])
            apart = np.where(is_category, difference > 0, difference / spans)
            near_known = apart[: len(known)].max(axis=1).min()
            is_apart = near_known > 1e-9 and (not taken or apart[len(known) :].mean(axis=1).min() >= APART)
            if is_apart and rules.allow(_named(prepared, codes[i], absent[i])):
                taken.append(int(i))
    return [
        Suggestion(_named(prepared, codes[i], absent[i]), float(mean[i]), float(deviation[i]), float(gain[i]))
        for i in taken
    ]


def _named(prepared: Prepared, codes: Floats, absent: np.ndarray) -> dict[str, tuple[float | None, str | None]]:
    """Return a configuration in its own units, without what it lacks."""
    return {column.name: own_unit(column, codes[j]) for j, column in enumerate(prepared.used) if not absent[j]}


def expected_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """Return E[max(best - Y, 0)] for normal Y; where the deviation is 0, the improvement itself."""
    from scipy.stats import norm

    gain = best - mean
    z = np.divide(gain, deviation, out=np.zeros_like(gain), where=deviation > 0)
    return np.where(deviation > 0, gain * norm.cdf(z) + deviation * norm.pdf(z), np.maximum(gain, 0.0))


def _candidates(
    prepared: Prepared, loss: Floats, random: np.random.Generator, beyond: float
) -> tuple[Floats, np.ndarray]:
    """Return candidates as codes, and which hyperparameters each of them lacks."""
    n = loss.size
    missing = np.column_stack([_missing(column) for column in prepared.used])
    is_conditional = bool(missing.any())
    base = random.integers(0, n, CANDIDATES)
    local = np.arange(CANDIDATES) < LOCAL_SHARE * CANDIDATES
    best = np.argsort(loss, kind="stable")[: max(1, n // 10)]
    base[local] = random.choice(best, int(local.sum()))
    codes = prepared.codes[base].copy()
    for j, column in enumerate(prepared.used):
        if column.kind == "categorical":
            allowed = [i for i, level in enumerate(column.levels) if level not in (OTHER, MISSING)]
            fresh = random.choice(allowed, CANDIDATES).astype(float)
            keep = local & (random.random(CANDIDATES) < 0.8)
            codes[:, j] = codes[:, j] if is_conditional else np.where(keep, codes[:, j], fresh)
            continue
        low, high = bounds(column, prepared.codes[:, j], beyond)
        near = np.clip(codes[:, j] + random.normal(0, 0.1 * (high - low), CANDIDATES), low, high)
        codes[:, j] = _snapped(
            column, prepared, j, np.where(local, near, random.uniform(low, high, CANDIDATES)), beyond
        )
    named = np.ones(CANDIDATES, dtype=bool)  # the collected rare levels are no value that anyone could try
    for j, column in enumerate(prepared.used):
        if OTHER in column.levels:
            named &= codes[:, j] != column.levels.index(OTHER)
    absent = missing[base]
    for j in range(codes.shape[1]):
        codes[absent[:, j], j] = prepared.codes[base[absent[:, j]], j]
    return codes[named], absent[named]


def _missing(column: Column) -> np.ndarray:
    if column.kind == "numeric":
        return np.isnan(column.values)
    return column.values == (column.levels.index(MISSING) if MISSING in column.levels else -1)


def _snapped(column: Column, prepared: Prepared, j: int, values: Floats, beyond: float) -> Floats:
    """Return values that can be set: on the declared step, whole where all are, among few tried numbers."""
    declared = column.declared
    low, high = bounds(column, prepared.codes[:, j], beyond)
    if declared and declared.step and declared.lower is not None:
        plain = 10**values if column.is_log else values
        plain = declared.lower + np.floor((plain - declared.lower) / declared.step + 0.5) * declared.step
        top = np.inf if declared.upper is None or beyond else declared.upper
        plain = np.where(plain > top * (1 + 1e-12), plain - declared.step, plain)
        return np.log10(plain) if column.is_log else plain
    tried = np.unique(prepared.codes[:, j])
    if (
        not beyond
        and not (declared and declared.lower is not None)
        and tried.size <= GRID_LIMIT
        and column.imputed_count == 0
    ):
        return tried[np.abs(values[:, None] - tried[None, :]).argmin(axis=1)]
    if column.is_integer:
        plain = np.round(10**values if column.is_log else values)
        inside = np.clip(plain, np.ceil((10**low if column.is_log else low) - 1e-9),
                         np.floor((10**high if column.is_log else high) + 1e-9))  # fmt: skip
        return np.log10(inside) if column.is_log else inside
    return values
