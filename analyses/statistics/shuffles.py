"""Permutation tests of differences over blocks: signs flipped.

If two treatments do not differ, their values in a block may be exchanged: every sign of the differences is as likely.
Sources: Fisher (1935), The Design of Experiments; Pitman (1938), Biometrika 29. For all pairs at once: `simultaneous`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 20_000
EXACT_BLOCKS = 16
"""Up to so many differences all sign flips are gone through."""
AT_ONCE = 1_000_000
"""So many means are held at once: what fits into a cache is looked at in a fraction of the time."""
ROUNDING = 1e-12


def is_exact(blocks: int) -> bool:
    """Whether all sign flips of so many differences are gone through."""
    return blocks <= EXACT_BLOCKS


def least_p(blocks: int, pairs: int = 1) -> float:
    """Return the smallest p-value that signs of so many blocks can give a pair, after Holm's correction for `pairs`."""
    return min(1.0, pairs * 2.0 ** (1 - blocks))


def sign_flips(differences: Floats, seed: int = 0, draws: int = DRAWS) -> Floats:
    """Return the permutation p-values (m,) of the columns' means (n, m) by the same sign flips for all of them.

    All 2^n flips up to n = 16, else a sample, in which the observed one counts.
    """
    n = len(differences)
    observed = np.abs(differences.sum(axis=0)) * (1 - ROUNDING)
    if is_exact(n):
        # A flip and its opposite are equally far from zero, so the last sign stays.
        signs = 1.0 - 2.0 * ((np.arange(2 ** max(n - 1, 0))[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(draws, n))
    as_far = np.zeros(differences.shape[1])
    step = max(1, AT_ONCE // max(1, differences.shape[1]))
    for start in range(0, len(signs), step):
        sums = signs[start : start + step] @ differences
        as_far += np.count_nonzero(np.abs(sums, out=sums) >= observed, axis=0)
    return as_far / len(signs) if is_exact(n) else (1.0 + as_far) / (draws + 1)
