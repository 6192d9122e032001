"""Bayesian comparison of two algorithms over blocks: the sign test and the signed-rank test.

Source: Benavoli, Corani, Demsar & Zaffalon (2017), Time for a change: a tutorial for comparing multiple classifiers
through Bayesian analysis, J. Mach. Learn. Res. 18, sections 4.1 and 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.rankings.blocks import Blocks, Floats

DRAWS, LEAST_DRAWS, ALL_DRAWS = 20_000, 4_000, 2_000_000
"""Draws of a pair's posterior: of each, of each where there are many pairs, and of all pairs together."""
ALL_WEIGHTS = 4_000_000
"""Draws times blocks of a pair, above which draws are saved."""
DRAWS_AT_ONCE = 1_000
"""So many draws are summed at a time, which keeps them in the processor's cache."""
PRIOR_STRENGTH = 1.0
DECIDED = 0.95


@dataclass(frozen=True)
class Posterior:
    """Probabilities that the first is better, that the two are practically equal (rope), that the second is better."""

    first: float
    rope: float
    second: float

    @property
    def verdict(self) -> str:
        """`first`, `equal`, `second` where one has 95 % or more, else `undecided`."""
        for name, value in (("first", self.first), ("equal", self.rope), ("second", self.second)):
            if value >= DECIDED:
                return name
        return "undecided"


def draws_for(pair_count: int, block_count: int = 1) -> int:
    """Return how many draws a pair gets, fewer with many pairs or blocks.

    A probability's standard error is at most 0.0035, with the fewest draws 0.008.
    """
    return int(np.clip(min(ALL_DRAWS // max(1, pair_count), ALL_WEIGHTS // max(1, block_count)), LEAST_DRAWS, DRAWS))


def sign_test(
    blocks: Blocks, first: str, second: str, rope: float, rng: np.random.Generator, draws: int = DRAWS
) -> Posterior:
    """Return the Bayesian sign test: a Dirichlet over first better, equal, second better, the prior on equal.

    The probabilities are those that each of the three has the largest share of blocks.
    """
    return sign_posterior(sign_counts(blocks, first, second, rope), rng, draws)


def sign_counts(blocks: Blocks, first: str, second: str, rope: float) -> tuple[int, int, int]:
    """Return on how many blocks the first is better, the two are equal, the second is: all the sign test knows."""
    difference = _difference(blocks, first, second)
    below, above = int((difference < -rope).sum()), int((difference > rope).sum())
    return below, difference.size - below - above, above


def sign_posterior(counts: tuple[int, int, int], rng: np.random.Generator, draws: int = DRAWS) -> Posterior:
    """Return the sign test's posterior from its counts."""
    weights = np.array(counts) + np.array([0.0, PRIOR_STRENGTH, 0.0])
    shares = rng.gamma(np.maximum(weights, 1e-300), size=(draws, 3))
    shares[:, weights == 0] = 0.0
    return Posterior(*(float(found) for found in _winners(*shares.T) / draws))


def signed_rank_weights(block_count: int, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return Dirichlet weights (draws, 1 + blocks), the prior's pseudo-block first; one set serves every pair."""
    drawn = rng.dirichlet(np.concatenate([[PRIOR_STRENGTH], np.ones(block_count)]), size=draws)
    return np.asfortranarray(drawn)  # a block's draws lie together: they are what is summed


def signed_rank_test(blocks: Blocks, first: str, second: str, rope: float, weights: Floats) -> Posterior:
    """Return the Bayesian signed-rank test: Dirichlet weights on the blocks, compared through pairwise means (Walsh).

    A pseudo-block with difference zero carries the prior's weight.

    Args:
        weights: as `signed_rank_weights` draws them.
    """
    values = np.concatenate([[0.0], _difference(blocks, first, second)])
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    # In sorted order the blocks whose mean with block i lies beyond the region are a run from one end, so the sum over
    # pairs is one over blocks of cumulated weights.
    below = np.searchsorted(ordered, -2.0 * rope - ordered, side="left")
    upto = np.searchsorted(ordered, 2.0 * rope - ordered, side="right")
    found = np.zeros(3)
    for start in range(0, len(weights), DRAWS_AT_ONCE):
        mine = weights.T[order, start : start + DRAWS_AT_ONCE]
        summed = np.zeros((len(mine) + 1, mine.shape[1]))
        for i, row in enumerate(mine):  # numpy's cumsum down the columns takes five times as long
            np.add(summed[i], row, out=summed[i + 1])
        better = np.einsum("ij,ij->j", mine, summed[below])
        worse = summed[-1] ** 2 - np.einsum("ij,ij->j", mine, summed[upto])
        found += _winners(better, 1.0 - better - worse, worse)
    return Posterior(*(float(count) for count in found / len(weights)))


def _difference(blocks: Blocks, first: str, second: str) -> Floats:
    i, j = blocks.algorithms.index(first), blocks.algorithms.index(second)
    return blocks.losses[:, i] - blocks.losses[:, j]


def _winners(first: Floats, rope: Floats, second: Floats) -> Floats:
    """Return in how many draws each of three shares is the largest; ties are divided."""
    least = np.maximum(np.maximum(first, rope), second) - 1e-12
    largest = [first >= least, rope >= least, second >= least]
    many = largest[0].astype(float) + largest[1] + largest[2]
    return np.array([(one / many).sum() for one in largest])
