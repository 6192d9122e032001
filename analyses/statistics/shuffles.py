"""Permutation tests of a table of blocks and treatments: sign flips of differences, labels shuffled within blocks.

If two treatments do not differ, their values in a block may be exchanged: every sign of the differences is as likely.
If none differ, all labels of a block may be; the largest difference of any pair then has a distribution that needs no
variance model. Sources: Fisher (1935), The Design of Experiments; Pitman (1938), Biometrika 29; Westfall & Young
(1993), Resampling-Based Multiple Testing, section 2.3 (the largest statistic of all pairs).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 20_000
EXACT_BLOCKS = 16
"""Up to so many differences all sign flips are gone through."""
FLIPS_AT_ONCE = 4096
ENTRIES_AT_ONCE = 2_000_000
ROUNDING = 1e-12


def is_exact(blocks: int) -> bool:
    """Whether all sign flips of so many differences are gone through."""
    return blocks <= EXACT_BLOCKS


def sign_flips(differences: Floats, seed: int = 0, draws: int = DRAWS) -> Floats:
    """Return the permutation p-values (m,) of the columns' means (n, m) by the same sign flips for all of them.

    All 2^n flips up to n = 16, else a sample, in which the observed one counts.
    """
    n = len(differences)
    observed = np.abs(differences.mean(axis=0)) * (1 - ROUNDING)
    if is_exact(n):
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(draws, n))
    as_far = np.zeros(differences.shape[1])
    for start in range(0, len(signs), FLIPS_AT_ONCE):
        means = np.abs(signs[start : start + FLIPS_AT_ONCE] @ differences) / n
        as_far += (means >= observed).sum(axis=0)
    return as_far / len(signs) if is_exact(n) else (1.0 + as_far) / (draws + 1)


@dataclass(frozen=True)
class Shuffled:
    """p-values (pairs,) by shuffling labels within blocks, each corrected for all pairs, and how often was shuffled."""

    p_values: Floats
    draws: int


def largest_difference(values: Floats, pairs: NDArray[np.int64], *, seed: int = 0, draws: int = DRAWS) -> Shuffled:
    """Return for every pair the share of shuffles in which some pair's difference is as large (the real one counted).

    A pair's statistic is |sum of differences over the blocks that hold both| / root of their number.

    Args:
        values: (blocks, treatments), NaN where a block lacks one: the labels of those present are shuffled.
        pairs: (pairs, 2), columns of `values`; NaN for a pair that no block holds.
    """
    there = np.isfinite(values)
    filled = np.where(there, values - np.nanmean(values, axis=1, keepdims=True), 0.0)
    both = (there[:, pairs[:, 0]] & there[:, pairs[:, 1]]).astype(np.float64)
    root = np.sqrt(both.sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.where(root > 0, _statistics(filled[None], pairs, both)[0] / root, np.nan)
    at_once = max(1, ENTRIES_AT_ONCE // max(1, values.shape[0] * max(values.shape[1], len(pairs))))
    rng = np.random.default_rng(seed)
    as_far = np.zeros(len(pairs))
    for start in range(0, draws, at_once):
        drawn = _shuffled(filled, there, min(at_once, draws - start), rng)
        found = _statistics(drawn, pairs, both) / np.where(root > 0, root, np.inf)
        as_far += (found.max(axis=1)[:, None] >= observed * (1 - ROUNDING)).sum(axis=0)
    return Shuffled(np.where(np.isfinite(observed), (1.0 + as_far) / (draws + 1), np.nan), draws)


def _statistics(tables: Floats, pairs: NDArray[np.int64], both: Floats) -> Floats:
    """Return |sum of differences| (draws, pairs) over the blocks that hold both."""
    if both.all():
        sums = tables.sum(axis=1)
        return np.asarray(np.abs(sums[:, pairs[:, 0]] - sums[:, pairs[:, 1]]))
    return np.asarray(np.abs(np.einsum("dbp,bp->dp", tables[:, :, pairs[:, 0]] - tables[:, :, pairs[:, 1]], both)))


def _shuffled(filled: Floats, there: NDArray[np.bool_], count: int, rng: np.random.Generator) -> Floats:
    """Return tables (count, blocks, treatments) in which the values of each block stand in a random order."""
    keys = rng.random((count, *filled.shape))
    # What is missing sorts last; the n-th present column then takes the n-th of the present values in random order.
    order = np.argsort(np.where(there, keys, 2.0), axis=2)
    drawn = np.take_along_axis(np.broadcast_to(filled, order.shape), order, axis=2)
    place = np.argsort(np.argsort(~there, axis=1, kind="stable"), axis=1, kind="stable")
    return np.take_along_axis(drawn, np.broadcast_to(place, drawn.shape), axis=2)
