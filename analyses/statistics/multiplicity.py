"""p-values of several tests, adjusted. For families of contrasts of means (Tukey, Dunnett) see `families`.

Both are five lines of NumPy, because importing statsmodels' `multipletests` costs a second of every command for a
handful of numbers; a test holds them to it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def holm(p_values: Floats) -> Floats:
    """Return Holm's (1979) step-down adjusted p-values, in the order given; NaN entries stay and do not count."""
    adjusted, order = _known(p_values)
    steps = adjusted[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Return Benjamini and Hochberg's (1995) adjusted p-values, in the order given; NaN entries stay as in `holm`."""
    adjusted, order = _known(p_values)
    steps = adjusted[order] * order.size / np.arange(1, order.size + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted


def _known(p_values: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Return a copy, and the places of the entries that are known, the smallest first."""
    copy = np.array(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(copy))
    return copy, known[np.argsort(copy[known], kind="stable")]
