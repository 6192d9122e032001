"""Bayesian comparison of two algorithms over blocks: the sign test and the signed-rank test.

Source: Benavoli, Corani, Demsar & Zaffalon (2017), Time for a change: a tutorial for comparing multiple classifiers
through Bayesian analysis, J. Mach. Learn. Res. 18, sections 4.1 and 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.rankings.blocks import Blocks, Floats

DRAWS = 20_000
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


def sign_test(blocks: Blocks, first: str, second: str, rope: float, rng: np.random.Generator) -> Posterior:
    """Return the Bayesian sign test: a Dirichlet over first better, equal, second better, the prior on equal.

    The probabilities are those that each of the three has the largest share of blocks.
    """
    difference = _difference(blocks, first, second)
    counts = np.array([(difference < -rope).sum(), (np.abs(difference) <= rope).sum(), (difference > rope).sum()])
    weights = counts + np.array([0.0, PRIOR_STRENGTH, 0.0])
    shares = rng.gamma(np.maximum(weights, 1e-300), size=(DRAWS, 3))
    shares[:, weights == 0] = 0.0
    return _winners(shares)


def signed_rank_test(blocks: Blocks, first: str, second: str, rope: float, rng: np.random.Generator) -> Posterior:
    """Return the Bayesian signed-rank test: Dirichlet weights on the blocks, compared through pairwise means (Walsh).

    A pseudo-block with difference zero carries the prior's weight.
    """
    values = np.concatenate([[0.0], _difference(blocks, first, second)])
    weights = np.concatenate([[PRIOR_STRENGTH], np.ones(len(values) - 1)])
    middle = 0.5 * (values[:, None] + values[None, :])
    is_first, is_second = (middle < -rope).astype(float), (middle > rope).astype(float)
    shares = np.empty((DRAWS, 3))
    step = 2000
    for start in range(0, DRAWS, step):
        draws = rng.dirichlet(weights, size=min(step, DRAWS - start))
        better = np.einsum("di,ij,dj->d", draws, is_first, draws, optimize=True)
        worse = np.einsum("di,ij,dj->d", draws, is_second, draws, optimize=True)
        shares[start : start + step] = np.column_stack([better, 1.0 - better - worse, worse])
    return _winners(shares)


def _difference(blocks: Blocks, first: str, second: str) -> Floats:
    i, j = blocks.algorithms.index(first), blocks.algorithms.index(second)
    return blocks.losses[:, i] - blocks.losses[:, j]


def _winners(shares: Floats) -> Posterior:
    """Count which share is largest in every draw; ties are divided."""
    is_largest = shares >= shares.max(axis=1, keepdims=True) - 1e-12
    found = (is_largest / is_largest.sum(axis=1, keepdims=True)).mean(axis=0)
    return Posterior(*(float(value) for value in found))
