"""Several objectives at once: which trials no other trial beats."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.correlate import spearman
from hpowh.analyses.sweeps.reading.columns import Floats


def fronts(losses: Floats) -> NDArray[np.int64]:
    """Return the front of each trial: 1 for those that no other dominates, 2 when only front 1 does, and so on.

    A trial dominates another when it is nowhere worse and somewhere better (Deb et al. 2002, section III.A). Equal
    trials share a front. Trials are met in the order of their first loss, and the front of each is found by bisection
    (Zhang et al. 2015, ENS-BS): whoever is beaten by some trial of a front is beaten by some of every earlier one.

    Args:
        losses: (trials, objectives), lower is better, no NaN.
    """
    distinct, place = np.unique(losses, axis=0, return_inverse=True)  # in the order of the first loss, then the others
    found = _two(distinct) if losses.shape[1] == 2 else _several(distinct)
    return found[place.ravel()]


def _two(losses: Floats) -> NDArray[np.int64]:
    """Return the fronts of two objectives: a front beats a later trial where its least second loss does."""
    least: list[float] = []
    front = np.empty(len(losses), dtype=np.int64)
    for i, second in enumerate(losses[:, 1].tolist()):
        at = bisect_right(least, second)
        least[at : at + 1] = [second]
        front[i] = at + 1
    return front


def _several(losses: Floats) -> NDArray[np.int64]:
    members: list[list[int]] = []
    front = np.empty(len(losses), dtype=np.int64)
    for i, row in enumerate(losses):
        low, high = 0, len(members)
        while low < high:
            middle = (low + high) // 2
            if (losses[members[middle]] <= row).all(axis=1).any():  # rows differ, so nowhere worse is beaten
                low = middle + 1
            else:
                high = middle
        if low == len(members):
            members.append([])
        members[low].append(i)
        front[i] = low + 1
    return front


@dataclass(frozen=True, kw_only=True)
class Tradeoff:
    """Two metrics over the trials that have both, each oriented so that lower is better."""

    count: int
    spearman: float | None
    """Negative where what is good for one is bad for the other."""
    lower: float | None
    upper: float | None
    front_count: int
    """Trials that no other beats in both."""
    reason: str | None


def tradeoff(first: Floats, second: Floats) -> Tradeoff:
    """Return how far two metrics, lower is better, can be had together."""
    there = ~np.isnan(first) & ~np.isnan(second)
    a, b = first[there], second[there]
    rank = spearman("", a, b)
    front = int((fronts(np.column_stack([a, b])) == 1).sum()) if a.size else 0
    return Tradeoff(
        count=a.size,
        spearman=rank.coefficient,
        lower=rank.lower,
        upper=rank.upper,
        front_count=front,
        reason=rank.reason,
    )
