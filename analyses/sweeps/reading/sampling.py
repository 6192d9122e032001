"""How trials were chosen: whether late ones keep to a part of what early ones tried; columns that are results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.association import fisher_greater, levene
from hpowh.analyses.statistics.distributions import rankdata
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.sweeps.reading.columns import Column, Floats

LEAST = 15
"""The first and the last third have at least so many trials each."""
LEVEL = 0.01
"""Narrowing is said where chance would do it less often, adjusted for all hyperparameters."""
CLEARLY = 0.75
"""And where the late width is at most so much of the early one."""
FOLLOWS = 0.7
"""From this strength on (half of the variance) a hyperparameter cannot be told from time."""
SAME = 0.98
"""A rank correlation from which on a column says the same as a result."""


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """A hyperparameter of which late trials try less than early ones."""

    hyperparameter: str
    level: str | None
    """The level that late trials keep to; None of a number."""
    early: float
    late: float
    """Numbers: width of the middle 80 % as a share of the tried range. Levels: share of the trials that have it."""
    p_adjusted: float


def narrowed(columns: Sequence[Column], order: NDArray[np.int64]) -> list[Narrowed]:
    """Return what a tuner narrowed, the clearest first; random and grid search narrow nothing.

    Numbers by Brown and Forsythe's test of spread (1974), levels by Fisher's exact test, the last third of the trials
    against the first, Holm's adjustment over the hyperparameters.

    Args:
        columns: used ones, one entry a configuration: repeats of one are no further choices.
        order: positions of the configurations in the order in which they were first tried.
    """
    third = order.size // 3
    if third < LEAST:
        return []
    found = [_one(column, order[:third], order[-third:]) for column in columns]
    there = [one for one in found if one is not None]
    adjusted = holm(np.array([one[0] for one in there], dtype=float))
    made = [
        Narrowed(hyperparameter=name, level=level, early=early, late=late, p_adjusted=float(p))
        for (_, name, level, early, late), p in zip(there, adjusted, strict=True)
        if p < LEVEL and (late <= CLEARLY * early if level is None else late > early)
    ]
    return sorted(made, key=lambda one: one.p_adjusted)


def followed(columns: Sequence[Column], order: NDArray[np.int64]) -> dict[str, float]:
    """Return the columns whose values follow the order of the trials, and how closely (from `FOLLOWS` to 1).

    Numbers by Spearman's rank correlation, levels by the root of the adjusted share of the order's variance between
    them. The outer loop of a grid does; whatever drifts over time looks like its effect.
    """
    place = np.empty(order.size)
    place[order] = np.arange(order.size)
    found = {}
    for column in columns:
        values = column.tested
        there = ~np.isnan(values)
        x, when = values[there], place[there]
        if x.size < LEAST or np.ptp(x) == 0:
            continue
        if column.kind == "categorical":
            codes, at = np.unique(x, return_inverse=True)
            means = np.bincount(at, when) / np.bincount(at)
            left = ((when - means[at]) ** 2).sum() / ((when - when.mean()) ** 2).sum()
            strength = float(np.sqrt(max(0.0, 1 - left * (x.size - 1) / max(1, x.size - codes.size))))
        else:
            strength = abs(float(np.corrcoef(rankdata(x), rankdata(when))[0, 1]))
        if strength >= FOLLOWS:
            found[column.name] = strength
    return found


def _one(
    column: Column, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[float, str, str | None, float, float] | None:
    """Return p-value, name, level, early and late share; None where a third has too few values."""
    if column.kind == "categorical":
        values = column.tested
        codes = [values[rows][~np.isnan(values[rows])] for rows in (first, last)]
        if min(part.size for part in codes) < LEAST:
            return None
        level = int(np.bincount(codes[1].astype(np.int64), minlength=len(column.levels)).argmax())
        before, after = (part == level for part in codes)
        share = int(after.sum())
        p = fisher_greater(share, after.size, share + int(before.sum()), after.size + before.size)
        return p, column.name, column.levels[level], float(before.mean()), float(after.mean())
    parts = [column.values[rows][~np.isnan(column.values[rows])] for rows in (first, last)]
    span = float(np.nanmax(column.values) - np.nanmin(column.values))
    if min(part.size for part in parts) < LEAST or span <= 0 or max(np.ptp(part) for part in parts) == 0:
        return None
    early, late = (float(np.diff(np.quantile(part, [0.1, 0.9]))[0]) / span for part in parts)
    return levene(*parts).pvalue, column.name, None, early, late


def suspects(columns: Sequence[Column], results: Mapping[str, Floats]) -> list[tuple[str, str, float]]:
    """Return numbers that say the same as a result of the trial: their name, the result's, and the rank correlation.

    What a tool declares as its search space is set, whatever it goes with.

    Args:
        results: name -> value per trial, NaN where unknown: steps done, seconds, the metrics.
    """
    leaks = []
    for column in columns:
        declared = column.declared
        if column.kind == "categorical" or (declared is not None and declared.lower is not None):
            continue
        for name, values in results.items():
            both = ~np.isnan(column.values) & ~np.isnan(values)
            if both.sum() < LEAST or np.unique(column.values[both]).size < 5 or np.ptp(values[both]) == 0:
                continue
            r = float(np.corrcoef(rankdata(column.values[both]), rankdata(values[both]))[0, 1])
            if abs(r) >= SAME:
                leaks.append((column.name, name, r))
                break
    return leaks
