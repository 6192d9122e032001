"""Several objectives at once: which trials no other trial beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.columns import Floats


def fronts(losses: Floats) -> NDArray[np.int64]:
    """Return the front of each trial: 1 for those that no other dominates, 2 when only front 1 does, and so on.

    A trial dominates another when it is nowhere worse and somewhere better (Deb et al. 2002, section III.A). Equal
    trials share a front.

    Args:
        losses: (trials, objectives), lower is better, no NaN.
    """
    n = len(losses)
    front = np.zeros(n, dtype=np.int64)
    left = np.arange(n)
    number = 0
    while left.size:
        number += 1
        best = _first_front(losses[left])
        front[left[best]] = number
        left = left[~best]
    return front


def _first_front(losses: Floats) -> NDArray[np.bool_]:
    """Return which rows nothing dominates; candidates are met in the order of their first loss, then the others."""
    order = np.lexsort(losses.T[::-1])
    kept = np.empty((0, losses.shape[1]))
    on_front = np.zeros(len(losses), dtype=bool)
    for i in order:
        row = losses[i]
        beaten = (kept <= row).all(axis=1) & (kept < row).any(axis=1)
        if not beaten.any():
            on_front[i] = True
            kept = np.vstack([kept, row])
    return on_front
