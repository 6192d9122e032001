"""One measured number of a landscape, or none and the reason."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named number; `value` is None where it is undefined and `reason` then says why."""

    name: str
    value: float | None
    reason: str | None = None
    lower: float | None = None
    """Bounds of a 95 % interval where the number is an estimate."""
    upper: float | None = None
    pair_count: int | None = None
    """Neighbour pairs, squares or configurations that the number comes from."""


EQUAL = "all losses are equal"
NO_PAIRS = "no two configurations are neighbours"


def metric(name: str, value: float | None, otherwise: str = EQUAL, pair_count: int | None = None) -> Metric:
    """Return the metric, or None with the reason `otherwise` where `value` is None or not finite."""
    if value is None or not math.isfinite(value):
        return Metric(name=name, value=None, reason=otherwise, pair_count=pair_count)
    return Metric(name=name, value=float(value), pair_count=pair_count)


def dot(x: NDArray, y: NDArray) -> float:
    """Return the sum of products.

    NumPy's own operator hands long vectors to BLAS, whose waiting threads cost more than they save where several
    processes share the cores.
    """
    return float(np.einsum("i,i->", x, y, dtype=np.float64))


def pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float | None:
    """Return the Pearson correlation, or None where one of the two is constant or there are fewer than two values."""
    if x.size < 2:
        return None
    x, y = x - x.mean(), y - y.mean()
    # Scaled first: losses of diverged runs would overflow when squared.
    wide_x, wide_y = float(np.abs(x).max()), float(np.abs(y).max())
    if not wide_x or not wide_y:
        return None
    x, y = x / wide_x, y / wide_y
    spread = math.sqrt(dot(x, x) * dot(y, y))
    return max(-1.0, min(1.0, dot(x, y) / spread)) if spread > 0 else None


def weighted_pearson(x: NDArray[np.float64], y: NDArray[np.float64], count: NDArray[np.int64]) -> float | None:
    """Return the Pearson correlation of values that occur `count` times each; None where one of the two is constant."""
    if x.size < 2 or is_constant(x) or is_constant(y):
        return None
    total = float(count.sum())
    x, y = x - np.sum(count * x) / total, y - np.sum(count * y) / total
    spread = math.sqrt(float(np.sum(count * x * x)) * float(np.sum(count * y * y)))
    return max(-1.0, min(1.0, float(np.sum(count * x * y)) / spread)) if spread > 0 else None


def is_constant(values: NDArray) -> bool:
    """Return whether all values are exactly equal."""
    return bool(values.size == 0 or values.min() == values.max())
