"""Configurations, the unit of inference: trials with equal hyperparameters are repeats of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import NAMED, Floats, Raw

REPEAT = re.compile(
    r"(^|[._/ -])(cv[_ -]?)?(fold|split|repeat|repetition|rep|replicate|replication|instance)"
    r"([_ -]?(id|index|idx|no|number))?$",
    re.IGNORECASE,
)
"""Names of columns that number repeats, where configurations repeat without them."""
FEWEST = 5
"""Repeats beyond the first, over all configurations, from which on the noise between repeats is estimated: with fewer
its variance is known to a factor of more than ten either way."""


@dataclass(frozen=True, kw_only=True)
class Configurations:
    """Which trials ran which configuration, and what the repeats of each gave."""

    of_trial: NDArray[np.int64]
    """Per trial the position of its configuration; these are in the order of their first trials."""
    first: NDArray[np.int64]
    """Per configuration the position of its first trial."""
    count: NDArray[np.int64]
    mean: Floats
    deviation: Floats
    """Over repeats (n - 1); NaN of a single one."""
    noise: float | None
    """Share of the variance of single trials that lies between repeats of a configuration; None where fewer than
    `FEWEST` trials repeat one."""
    noise_deviation: float | None
    """Standard deviation between repeats."""
    noise_limits: tuple[float, float] | None
    """Its 95 % interval, were the noise normal (chi squared)."""
    weight: Floats | None
    """Of each mean, with mean 1: the inverse of its variance; None where all have as many repeats."""
    standing: Floats
    """By what configurations are ordered: the mean, drawn towards that of all the more, the fewer repeats it has (best
    linear prediction). The same order as that of the means where all have as many repeats."""

    @property
    def is_repeated(self) -> bool:
        """Whether any configuration has several trials."""
        return self.first.size < self.of_trial.size

    @property
    def repeat_count(self) -> int:
        """Trials that repeat an earlier one: the degrees of freedom of the noise."""
        return self.of_trial.size - self.first.size


def repeat_columns(raw: Sequence[Raw]) -> list[str]:
    """Return the columns that number repeats: named so, and without them configurations repeat at least twice each."""
    named = [one for one in raw if REPEAT.search(one.name) and not NAMED.search(one.name)]
    if not named or not raw or not len(raw[0].text):
        return []
    rest = [one for one in raw if one not in named]
    with_them, without = _grouped(raw), _grouped(rest)
    if not rest or 2 * (without.max() + 1) > with_them.max() + 1:
        return []
    return [one.name for one in named]


def configurations(raw: Sequence[Raw], metric: Floats) -> Configurations:
    """Group trials by equal hyperparameters; seeds, names and numbers of repeats are none.

    Args:
        raw: the hyperparameters of the trials, without columns that number repeats.
        metric: per trial, finite.
    """
    of_trial = _grouped(raw) if raw else np.arange(metric.size)
    count = np.bincount(of_trial)
    first = np.full(count.size, metric.size, dtype=np.int64)
    np.minimum.at(first, of_trial, np.arange(metric.size))
    middle = float(np.median(metric)) if metric.size else 0.0
    from_middle = metric - middle  # a metric far from 0 keeps its digits
    mean = np.bincount(of_trial, from_middle) / count
    squares: Floats = np.bincount(of_trial, (from_middle - mean[of_trial]) ** 2).astype(float)
    deviation = np.full(mean.size, np.nan)
    several = count > 1
    deviation[several] = np.sqrt(squares[several] / (count[several] - 1))
    within, between = _components(mean, count, squares)
    weight, standing = None, mean
    if within is not None and np.ptp(count) > 0:
        variance = between + within / count
        if (variance > 0).all():
            weight = 1 / variance / (1 / variance).mean()
            centre = float(np.average(mean, weights=weight))
            standing = centre + (mean - centre) * between / variance
            if between == 0:
                standing = centre + (mean - centre) * count / count.max()
    total = None if within is None else within + between
    return Configurations(
        of_trial=of_trial,
        first=first,
        count=count,
        mean=mean + middle,
        deviation=deviation,
        noise=None if not total or within is None else within / total,
        noise_deviation=None if within is None else float(np.sqrt(within)),
        noise_limits=None if within is None else _limits(within, metric.size - count.size),
        weight=weight,
        standing=standing,
    )


def _components(mean: Floats, count: NDArray[np.int64], squares: Floats) -> tuple[float | None, float]:
    """Return the variance within and between configurations (one-way random effects, method of moments)."""
    n, k = int(count.sum()), count.size
    if n - k < FEWEST or k < 2:
        return None, 0.0
    within = float(squares.sum()) / (n - k)
    grand = float(count @ mean) / n
    among = float(count @ (mean - grand) ** 2) / (k - 1)
    usual = (n - float((count**2).sum()) / n) / (k - 1)
    return within, max(0.0, (among - within) / usual)


def _limits(variance: float, freedom: int) -> tuple[float, float]:
    """Return the 95 % interval of a standard deviation."""
    from scipy.special import chdtri

    low, high = np.sqrt(variance * freedom / chdtri(freedom, [0.025, 0.975]))
    return float(low), float(high)


def _grouped(raw: Sequence[Raw]) -> NDArray[np.int64]:
    """Return per trial the number of its configuration, in the order of first trials."""
    rows = len(raw[0].text) if raw else 0
    code = np.zeros(rows, dtype=np.int64)
    for one in raw:
        if NAMED.search(one.name):
            continue
        code = code * (rows + 1) + _codes(one)
        _, code = np.unique(code, return_inverse=True)
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[place]


def _codes(raw: Raw) -> NDArray[np.int64]:
    """Return a whole number a trial: equal where the values are; 0 where there is none."""
    is_number = np.isfinite(raw.number)
    code = np.zeros(raw.number.size, dtype=np.int64)
    numbers, at = np.unique(raw.number[is_number], return_inverse=True)
    code[is_number] = at + 1
    known: dict[str, int] = {}
    for i in np.flatnonzero(~is_number):
        text = raw.text[int(i)]
        if text is not None and text.lower() != "nan":
            code[i] = known.setdefault(text, numbers.size + 1 + len(known))
    return code
