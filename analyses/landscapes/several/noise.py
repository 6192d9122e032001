"""Noise floor of a landscape: by how much two configurations must differ before the difference means anything.

Every configuration was measured on the same seeds and folds (units), so that units which are harder for all cancel out:
what is left after configuration and unit are taken out is the noise of a paired comparison. Folds share training data,
which the factor of Nadeau and Bengio (2003, "Inference for the generalization error", Machine Learning 52, section 3)
allows for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.values import pearson
from hpowh.analyses.statistics.ranks import ranked

SHARE = 4
"""The floor comes from the best quarter of the configurations, about which decisions are made."""
LEAST = 10
"""…but from so many at least, where there are as many."""
KEPT = 0.9
"""Share of the configurations whose variance counts; the others may have diverged."""
LEVEL = 0.95
ONE_UNIT = "every configuration was measured once"


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Noise of one landscape; undefined numbers are None and `reason` says why."""

    configuration_count: int
    """Configurations that were measured on every unit."""
    unit_count: int
    fold_count: int
    residual_sd: float | None = None
    """Standard deviation of one measurement beside its configuration's mean and its unit's effect."""
    noise_floor: float | None = None
    """Half the width of the 95 % interval of the difference of two configurations' means."""
    within_count: int | None = None
    """Configurations that are no more than the floor worse than the best one, the best itself included."""
    reliability: float | None = None
    """Mean Spearman correlation of the landscapes of two single units."""
    reason: str | None = None


def measure_noise(loss: NDArray[np.float64], folds: int) -> Noise:
    """Return the noise of a landscape.

    Args:
        loss: (configurations, units), one loss of every configuration on every unit (a seed and a fold).
        folds: how many folds there are among the units; below two, units are taken as independent.
    """
    count, units = loss.shape
    if units < 2:
        return Noise(configuration_count=count, unit_count=units, fold_count=folds, reason=ONE_UNIT)
    if count < 2:
        return Noise(
            configuration_count=count,
            unit_count=units,
            fold_count=folds,
            reason="fewer than two configurations were measured on every seed and fold",
        )
    mean = loss.mean(axis=1)
    near = np.argsort(mean, kind="stable")[: min(count, max(LEAST, math.ceil(count / SHARE)))]
    sd = residual_sd(loss[near])
    floor = half_width(sd, units, folds, freedom=(near.size - 1) * (units - 1))
    within = int(np.count_nonzero(mean - mean.min() <= floor))
    return Noise(
        configuration_count=count,
        unit_count=units,
        fold_count=folds,
        residual_sd=sd,
        noise_floor=floor,
        within_count=within,
        reliability=_reliability(loss),
    )


def residual_sd(loss: NDArray[np.float64]) -> float:
    """Return the standard deviation of one measurement beside its configuration's mean and its unit's effect.

    A few configurations that diverge on one unit would drown all others: unit effects are medians over the
    configurations, and the tenth of the configurations with the largest variance is left out, which is made up for by
    what that takes away from normal measurements.
    """
    from scipy.stats import chi2

    units = loss.shape[1]
    centred = loss - loss.mean(axis=1, keepdims=True)
    rest = centred - np.median(centred, axis=0, keepdims=True)
    rest -= rest.mean(axis=1, keepdims=True)
    wide = float(np.abs(rest).max())
    if not wide:
        return 0.0
    variance = np.sort(((rest / wide) ** 2).sum(axis=1)) / (units - 1)  # scaled: squares of losses may overflow
    kept = math.ceil(KEPT * variance.size)
    share = kept / variance.size
    left = 1.0 if share >= 1 else float(chi2.cdf(chi2.ppf(share, units - 1), units + 1)) / share
    return wide * math.sqrt(float(variance[:kept].mean()) / left)


def half_width(sd: float, units: int, folds: int, freedom: int) -> float:
    """Return half the width of the 95 % interval of a difference of two means over the units.

    The variance of a mean of cross-validated losses is `sd² (1 / units + test / train)`; of the rows, k folds test on
    1 / (k - 1) of what they train on.
    """
    from scipy.stats import t

    shared = 1.0 / (folds - 1) if folds > 1 else 0.0
    return float(t.ppf(0.5 + LEVEL / 2, freedom)) * sd * math.sqrt(2.0 * (1.0 / units + shared))


def floor_of_two(a: float | None, b: float | None) -> float | None:
    """Return the floor for a configuration of one landscape against one of another, from the floors of both."""
    return None if a is None or b is None else math.sqrt((a * a + b * b) / 2.0)


def _reliability(loss: NDArray[np.float64]) -> float | None:
    ranks = [ranked(loss[:, unit]) for unit in range(loss.shape[1])]
    found = [pearson(ranks[i], ranks[j]) for i in range(len(ranks)) for j in range(i + 1, len(ranks))]
    present = [value for value in found if value is not None]
    return float(np.mean(present)) if present else None
