"""Blocks of results: one value for every algorithm in each block, and ranks within the block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics import distributions as stats

Floats = NDArray[np.float64]


class RankingError(ValueError):
    """The data cannot be ranked as asked."""


@dataclass(frozen=True)
class Blocks:
    """Losses (blocks, algorithms), smaller is better, complete; `dropped` names the blocks that were incomplete."""

    names: tuple[str, ...]
    algorithms: tuple[str, ...]
    losses: Floats
    dropped: tuple[str, ...]

    @property
    def ranks(self) -> Floats:
        """Ranks within each block (blocks, algorithms): 1 is best, ties share the mean."""
        return np.asarray(stats.rankdata(self.losses, axis=1)) if len(self.losses) else self.losses


def make_blocks(block: Sequence[str], algorithm: Sequence[str], loss: Sequence[float]) -> Blocks:
    """Arrange one loss for every block and algorithm; blocks without a finite loss for each algorithm are dropped.

    Raises:
        RankingError: fewer than two algorithms, a pair that occurs twice, or no complete block.
    """
    algorithms = tuple(sorted(set(algorithm)))
    if len(algorithms) < 2:
        raise RankingError("A ranking needs two algorithms or more.")
    names = tuple(dict.fromkeys(block))
    place = {name: i for i, name in enumerate(names)}
    column = {name: j for j, name in enumerate(algorithms)}
    losses = np.full((len(names), len(algorithms)), np.nan)
    filled = np.zeros(losses.shape, dtype=bool)
    for b, a, value in zip(block, algorithm, loss, strict=True):
        at = place[b], column[a]
        if filled[at]:
            raise RankingError(f"{a} has several values in the block {b}.")
        filled[at] = True
        losses[at] = np.nan if value is None else value
    complete = np.isfinite(losses).all(axis=1)
    if not complete.any():
        raise RankingError("No block has a finite value for every algorithm.")
    kept = tuple(name for name, ok in zip(names, complete, strict=True) if ok)
    dropped = tuple(name for name, ok in zip(names, complete, strict=True) if not ok)
    return Blocks(kept, algorithms, losses[complete], dropped)
