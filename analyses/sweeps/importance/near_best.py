"""What matters among the good trials: PED-ANOVA, from densities of the best trials against all trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.conditions import chance_among
from hpowh.analyses.sweeps.reading.prepare import Prepared

BEST = 0.1
"""Share of the configurations that count as good."""
LEAST_BEST = 5
POINTS = 50
DRAWS = 100
CHANCE_DRAWS = 500
BINS = 512
"""Numbers with more distinct values than this are counted in so many bins."""


@dataclass(frozen=True, kw_only=True)
class NearBest:
    """Per hyperparameter: the Pearson divergence of the good trials' density from that of all trials."""

    importance: Floats
    lower: Floats
    upper: Floats
    """95 % percentile bootstrap over configurations."""
    chance: Floats
    """What no effect looks like: when the good ones are drawn at random, in 95 % of draws no hyperparameter exceeds
    its own chance."""
    p: Floats
    """Share of random draws in which the hyperparameter that stands out most stands out as much as this one."""
    good_count: int


def near_best(prepared: Prepared, loss: Floats, seed: int, share: float = BEST) -> NearBest:
    """Return PED-ANOVA importances (Watanabe, Bansal and Hutter, IJCAI 2023, equation 16 up to a constant).

    One-dimensional densities: level frequencies for categories, a Gaussian kernel (Scott's rule) for numbers; of a
    conditional hyperparameter among the configurations that have it. There is
    no surrogate and hence no R squared; `chance` says which importances mean anything. It is that of the maximum: the
    divergence of each hyperparameter in units of the 95 % quantile of its own random divergences, and of these ratios
    the largest over the hyperparameters.

    Args:
        loss: lower is better.

    Raises:
        ValueError: the best are fewer than `LEAST_BEST` configurations.
    """
    n = loss.size
    good_count = int(np.ceil(share * n))
    if good_count < LEAST_BEST:
        raise ValueError(f"the best {100 * share:g} % of {n} trials are {good_count}, at least {LEAST_BEST} are needed")
    random = np.random.default_rng(seed)
    densities = [_density(column, prepared.codes[:, i]) for i, column in enumerate(prepared.used)]
    order = np.argsort(loss, kind="stable")
    everyone = np.ones((1, n))
    point = np.array([one.divergence(one.counts(order[None, :good_count]), everyone)[0] for one in densities])
    drawn = np.stack([random.permutation(n)[:good_count] for _ in range(CHANCE_DRAWS)])
    random_ones = np.stack([
        one.divergence(one.counts(chance_among(column, order[:good_count], drawn, [seed, i])), everyone)
        for i, (column, one) in enumerate(zip(prepared.used, densities, strict=True))
    ], axis=1)  # fmt: skip
    usual = np.maximum(np.quantile(random_ones, 0.95, axis=0), 1e-12)
    largest = (random_ones / usual).max(axis=1)
    p = (1 + (largest[:, None] >= point / usual).sum(axis=0)) / (1 + CHANCE_DRAWS)
    weights = np.stack([np.bincount(random.integers(0, n, n), minlength=n) for _ in range(DRAWS)]).astype(float)
    best = _best_of(order, weights, good_count)
    boot = np.stack([one.divergence(one.weighed(best), weights) for one in densities], axis=1)
    lower, upper = np.percentile(boot, [2.5, 97.5], axis=0)
    chance = usual * float(np.quantile(largest, 0.95))
    return NearBest(importance=point, lower=lower, upper=upper, chance=chance, p=p, good_count=good_count)


def _best_of(order: NDArray[np.int64], weights: Floats, count: int) -> Floats:
    """Return the weights of the `count` best of each resample, (resamples, configurations)."""
    result = np.zeros_like(weights)
    taken = np.minimum(np.cumsum(weights[:, order], axis=1), count)
    result[:, order] = np.diff(taken, axis=1, prepend=0.0)
    return result


@dataclass(frozen=True)
class _Density:
    place: NDArray[np.int64]
    """Of each configuration: its distinct value."""
    basis: Floats
    """(distinct values, points): what one configuration there adds to the density."""

    def counts(self, drawn: NDArray[np.int64]) -> Floats:
        """Return how often each distinct value is among each draw (draws, members)."""
        size = len(self.basis)
        flat = self.place[drawn] + size * np.arange(len(drawn))[:, None]
        return np.bincount(flat.ravel(), minlength=size * len(drawn)).reshape(-1, size).astype(float)

    def weighed(self, weights: Floats) -> Floats:
        """Return the sum of the weights at each distinct value, (rows, values)."""
        size = len(self.basis)
        flat = self.place[None, :] + size * np.arange(len(weights))[:, None]
        return np.bincount(flat.ravel(), weights.ravel(), minlength=size * len(weights)).reshape(-1, size).astype(float)

    def divergence(self, good: Floats, everyone: Floats) -> Floats:
        """Return the divergence of each row of counts from that of everyone (one row, or one a row of counts)."""
        p, q = good @ self.basis, self.weighed(everyone) @ self.basis
        with np.errstate(divide="ignore", invalid="ignore"):
            p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
            parts = np.where(q > 0, q * (p / q - 1) ** 2, 0.0)
        return np.nan_to_num(parts.sum(axis=1))


def _density(column: Column, codes: Floats) -> _Density:
    """Return the density of those that have the hyperparameter: the others add nothing anywhere."""
    there = ~np.isnan(column.tested)
    own = _density_of_all(column, codes[there])
    if there.all():
        return own
    place = np.full(codes.size, len(own.basis), dtype=np.int64)
    place[there] = own.place
    return _Density(place, np.vstack([own.basis, np.zeros((1, own.basis.shape[1]))]))


def _density_of_all(column: Column, codes: Floats) -> _Density:
    if column.kind == "categorical":
        return _Density(codes.astype(np.int64), np.eye(len(column.levels)))
    unit = (codes - codes.min()) / max(float(np.ptp(codes)), 1e-300)
    distinct, place = np.unique(unit, return_inverse=True)
    if distinct.size > BINS:
        place = np.minimum((unit * BINS).astype(np.int64), BINS - 1)
        distinct = (np.arange(BINS) + 0.5) / BINS
    grid = (np.arange(POINTS) + 0.5) / POINTS
    width = max(1.06 * float(unit.std()) * codes.size**-0.2, 1.0 / POINTS)
    kernel = np.exp(-0.5 * ((grid[None, :] - distinct[:, None]) / width) ** 2)
    return _Density(place, kernel / kernel.sum(axis=1, keepdims=True))
