"""What matters among the good trials: PED-ANOVA, from densities of the best trials against all trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

BEST = 0.1
"""Share of the trials that count as good."""
LEAST_BEST = 5
POINTS = 50
DRAWS = 100


@dataclass(frozen=True)
class NearBest:
    """Per hyperparameter: the Pearson divergence of the good trials' density from that of all trials."""

    importance: Floats
    lower: Floats
    upper: Floats
    """95 % percentile bootstrap over trials."""
    chance: Floats
    """95 % quantile of the divergence when the good trials are drawn at random: what no effect looks like."""
    good_count: int


def near_best(prepared: Prepared, loss: Floats, seed: int, share: float = BEST) -> NearBest:
    """Return PED-ANOVA importances (Watanabe, Bansal and Hutter, IJCAI 2023, equation 16 up to a constant).

    One-dimensional densities: level frequencies for categories, a Gaussian kernel (Scott's rule) for numbers. There is
    no surrogate and hence no R squared; `chance` says which importances mean anything.

    Args:
        loss: lower is better.

    Raises:
        ValueError: the best are fewer than `LEAST_BEST` trials.
    """
    n = loss.size
    good_count = int(np.ceil(share * n))
    if good_count < LEAST_BEST:
        raise ValueError(f"the best {100 * share:g} % of {n} trials are {good_count}, at least {LEAST_BEST} are needed")
    random = np.random.default_rng(seed)
    bases = [_basis(column, prepared.codes[:, i]) for i, column in enumerate(prepared.used)]
    order = np.argsort(loss, kind="stable")
    good = np.zeros(n)
    good[order[:good_count]] = 1.0
    point = np.array([_divergence(basis, good, np.ones(n)) for basis in bases])
    chance, boot = [], []
    for _ in range(DRAWS):
        drawn = np.zeros(n)
        drawn[random.permutation(n)[:good_count]] = 1.0
        chance.append([_divergence(basis, drawn, np.ones(n)) for basis in bases])
        weight = np.bincount(random.integers(0, n, n), minlength=n).astype(float)
        best = _best_of(order, weight, good_count)
        boot.append([_divergence(basis, best, weight) for basis in bases])
    lower, upper = np.percentile(boot, [2.5, 97.5], axis=0)
    return NearBest(point, lower, upper, np.percentile(chance, 95, axis=0), good_count)


def _best_of(order: NDArray[np.int64], weight: Floats, count: int) -> Floats:
    """Return the weights of the `count` best of a resample."""
    result = np.zeros_like(weight)
    taken = np.minimum(np.cumsum(weight[order]), count)
    result[order] = np.diff(np.concatenate([[0.0], taken]))
    return result


def _basis(column: Column, codes: Floats) -> Floats:
    """Return a matrix (points, trials): what each trial adds to the density at each point."""
    if column.kind == "categorical":
        return (np.arange(len(column.levels))[:, None] == codes[None, :]).astype(float)
    low, high = codes.min(), codes.max()
    unit = (codes - low) / (high - low)
    grid = (np.arange(POINTS) + 0.5) / POINTS
    width = max(1.06 * float(unit.std()) * codes.size**-0.2, 1.0 / POINTS)
    kernel = np.exp(-0.5 * ((grid[:, None] - unit[None, :]) / width) ** 2)
    return kernel / kernel.sum(axis=0)


def _divergence(basis: Floats, good: Floats, everyone: Floats) -> float:
    p, q = basis @ good, basis @ everyone
    p, q = p / p.sum(), q / q.sum()
    there = q > 0
    return float((q[there] * (p[there] / q[there] - 1) ** 2).sum())
