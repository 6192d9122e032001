"""Ranks from 1, equal values sharing the mean of their ranks: scipy's `rankdata`, quicker for what landscapes have.

Landscapes have millions of values that are sorted already, or that are small counts; a test holds both ways to scipy's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_COUNTED = 1_000_000
"""Whole numbers from 0 below this are counted and not sorted."""


def ranked(values: NDArray) -> NDArray[np.float64]:
    """Return the ranks of the values (n,)."""
    if np.issubdtype(values.dtype, np.integer) and values.size and values.min() >= 0 and values.max() < MOST_COUNTED:
        counts = np.bincount(values)
        ends = np.cumsum(counts)
        return ((2 * ends - counts + 1) / 2.0)[values]
    return average_ranks(values, np.argsort(values))


def average_ranks(values: NDArray, order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the ranks of the values (n,), given the permutation (n,) that sorts them."""
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ends = np.append(starts[1:], values.size)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat((starts + ends + 1) / 2.0, ends - starts)
    return ranks
