"""The distribution of the loss over the configurations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.values import EQUAL, Metric, is_constant, metric

PROBABILITIES = (0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
NEAR_BEST = (1, 5, 10)
"""Per cent of the way from the best loss to the median one."""


def quantiles(surface: Surface) -> NDArray[np.float64]:
    """Return the loss at each of `PROBABILITIES` (linear interpolation, Hyndman and Fan's type 7)."""
    return np.array([surface.quantile(probability) for probability in PROBABILITIES])


def moments(loss: NDArray[np.float64]) -> tuple[float, float, float | None, float | None]:
    """Return mean, sample standard deviation, skewness g1 and excess kurtosis g2 (the last two None if constant)."""
    mean = float(loss.mean())
    if is_constant(loss):
        return float(loss[0]), 0.0, None, None
    centred = loss - mean
    scale = float(np.abs(centred).max())
    scaled = centred / scale
    square = scaled * scaled
    m2, m3, m4 = float(square.mean()), float((square * scaled).mean()), float((square * square).mean())
    deviation = scale * float(np.sqrt(m2 * loss.size / (loss.size - 1)))
    return mean, deviation, m3 / m2**1.5, m4 / m2**2 - 3.0


def near_best(ordered: NDArray[np.float64], best: float, median: float) -> list[float]:
    """Return the share of configurations whose loss lies within each of `NEAR_BEST` per cent of the way to the median.

    The way is measured to the median and not to the worst loss, so that diverged runs do not stretch it; the share
    does not change when the loss is shifted or scaled.

    Args:
        ordered: the losses in ascending order.
    """
    limits = [best + percent / 100 * (median - best) for percent in NEAR_BEST]
    return [float(share) for share in np.searchsorted(ordered, limits, side="right") / ordered.size]


def distribution_metrics(surface: Surface) -> list[Metric]:
    """Return location, spread, shape and concentration near the best of the loss."""
    mean, deviation, skewness, kurtosis = moments(surface.loss)
    at = dict(zip(PROBABILITIES, quantiles(surface), strict=True))
    metrics = [
        metric("loss_best", at[0.0]),
        metric("loss_median", at[0.5]),
        metric("loss_worst", at[1.0]),
        metric("loss_mean", mean),
        metric("loss_sd", deviation if surface.size > 1 else None, "a single configuration has no spread"),
        metric("loss_iqr", at[0.75] - at[0.25]),
        metric("loss_skewness", skewness, EQUAL),
        metric("loss_kurtosis", kurtosis, EQUAL),
    ]
    for percent, share in zip(NEAR_BEST, near_best(surface.ordered, at[0.0], at[0.5]), strict=True):
        metrics.append(metric(f"near_best_{percent}", share))
    return metrics
