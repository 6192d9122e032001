"""Gauss's nodes and weights on [-1, 1], by Newton's method.

NumPy has them as eigenvalues of a matrix, which takes ten times as long, wakes all of the machine's cores, and loses
some digits of the weights at the ends.
Source: Press et al. (2007), Numerical Recipes, section 4.6.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 6
"""Each doubles the digits; the first guess has three."""


def leggauss(count: int) -> tuple[Floats, Floats]:
    """Return nodes and weights (count,) that integrate polynomials up to degree 2 count - 1, in rising order."""
    half = (count + 1) // 2
    x = np.cos(np.pi * (np.arange(half) + 0.75) / (count + 0.5))
    for _ in range(STEPS):
        value, slope = _legendre(x, count)
        x = x - value / slope
    if count % 2:
        x[-1] = 0.0
    slope = _legendre(x, count)[1]
    weights = 2.0 / ((1.0 - x * x) * slope * slope)
    mirrored = slice(count % 2, None)
    nodes = np.concatenate([-x, x[::-1][mirrored]])
    return nodes, np.concatenate([weights, weights[::-1][mirrored]])


def _legendre(x: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the Legendre polynomial of this degree, and its derivative."""
    before, value = np.ones_like(x), x
    for k in range(2, count + 1):
        before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
    return value, count * (x * value - before) / (x * x - 1.0)
