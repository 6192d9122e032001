"""Confidence bands over seeds."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000
LEVEL = 0.95


@lru_cache(maxsize=64)
def _draw_counts(runs: int, draws: int, seed: int) -> Floats:
    """Return, shape (draws, runs), how often each run is drawn in each bootstrap sample."""
    random = np.random.default_rng(seed)
    return random.multinomial(runs, np.full(runs, 1.0 / runs), size=draws).astype(np.float64)


def bootstrap_mean_band(
    values: Floats, *, draws: int = DRAWS, level: float = LEVEL, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return the percentile-bootstrap band of the mean over runs, at each budget.

    Whole runs are resampled, so the band of neighbouring budgets rests on the same draws (Efron and Tibshirani, An
    Introduction to the Bootstrap, section 13.3). A draw that holds no value at a budget is left out there.

    Args:
        values: shape (runs, budgets); NaN where a run has no value.

    Returns:
        Lower and upper limit, shape (budgets,) each; NaN where fewer than two runs have a value.
    """
    there = ~np.isnan(values)
    counts = _draw_counts(values.shape[0], draws, seed)
    weight = counts @ there.astype(np.float64)
    total = counts @ np.where(there, values, 0.0)
    means = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
    enough = there.sum(axis=0) >= 2
    lower, upper = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    if enough.any():
        tail = 100 * (1 - level) / 2
        kept = means[:, enough]
        # Only a budget with very few values can be without any in some draw; the other function is ten times faster.
        percentile = np.nanpercentile if np.isnan(kept).any() else np.percentile
        lower[enough], upper[enough] = percentile(kept, [tail, 100 - tail], axis=0)
    return lower, upper


def stratified_normal_band(
    means: Floats, deviations: Floats, counts: Floats, *, level: float = LEVEL
) -> tuple[Floats, Floats, Floats]:
    """Return the mean over benchmarks and its normal band, the benchmarks taken as fixed and the seeds as drawn.

    The variance of a mean of B independent benchmark means is the sum of s²/n over the benchmarks, divided by B²
    (Cochran, Sampling Techniques, theorem 5.3, equal stratum weights).

    Args:
        means, deviations, counts: shape (benchmarks, positions): mean, sample standard deviation and number of runs.

    Returns:
        Mean, lower and upper limit, shape (positions,). NaN where a benchmark has no mean there; the limits are also
        NaN where a benchmark has fewer than two runs.
    """
    benchmarks = means.shape[0]
    mean = means.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(counts >= 2, deviations**2 / counts, np.nan)
    half = NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(variance.sum(axis=0)) / benchmarks
    return mean, mean - half, mean + half
