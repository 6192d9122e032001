"""What a thin sample tells without any pair of neighbours: by the distances and losses of its configurations alone.

The measures are those of exploratory landscape analysis, on the distance that a grid has: steps along an ordered
hyperparameter as a share of all its steps, and one for another category, summed over the hyperparameters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.partial.incomplete import SQUARES_TAIL, tail_index
from hpowh.analyses.landscapes.partial.sampled import clusters, pairs_of
from hpowh.analyses.landscapes.values import Metric, metric

Floats = NDArray[np.float64]

MOST = 1500
"""So many configurations, drawn at random, take part in what looks at every pair of them."""
LEAST = 50
SHARE_PER_TERM = 10
"""Configurations for each effect of a level, from which on the interval of their share holds."""
LEAST_FOR_INTERVAL = 200
"""Configurations from which on the bootstrap of the best tenth's distances holds."""
BEST = 0.1
REPLICATES = 200
NAMES = ("dispersion_10", "nearest_better_ratio", "information_content", "information_neutral", "model_r2_additive")
FEW = f"fewer than {LEAST} configurations"
EPSILONS = 200


def scatter_metrics(surface: Surface, *, seed: int) -> list[Metric]:
    """Return dispersion, nearest-better ratio, information content and the additive model's share of the variance.

    - `dispersion_10`: mean distance within the best tenth divided by that of all (Lunacek, Whitley 2006); its interval
      is a percentile bootstrap of configurations.
    - `nearest_better_ratio`: mean distance to the nearest configuration divided by that to the nearest better one
      (Kerschke et al. 2015). It grows with the sample, so there is no interval for the whole landscape.
    - `information_content`, `information_neutral`: the largest entropy of the ups, downs and levels of the loss along
      a way from each configuration to the nearest one not yet visited, over thresholds of level; the share of changes
      of direction at threshold 0 (Munoz, Kirley, Halgamuge 2015). They too are the sample's.
    - `model_r2_additive`: adjusted share of the variance that the sum of the levels' effects explains (Ezekiel 1930;
      interval by the infinitesimal jackknife, Efron, Tibshirani 1993, section 21.2): an estimate of `variance_main`.

    All of it takes the configurations for independent draws of the space, so one of each cluster takes part
    (`one_of_each_cluster`); trials that a tuner chose are no such draws.
    """
    surface = one_of_each_cluster(surface, seed)
    if surface.size < LEAST:
        return [metric(name, None, FEW) for name in NAMES]
    if surface.ordered[0] == surface.ordered[-1]:
        return [metric(name, None) for name in NAMES]
    rng = np.random.default_rng([seed, 3])
    nodes = np.sort(rng.choice(surface.size, min(surface.size, MOST), replace=False))
    loss = surface.loss[nodes]
    apart = distances(surface, nodes)
    content, neutral = information(loss, apart, int(rng.integers(nodes.size)))
    return [
        _dispersion(loss, apart, rng),
        metric("nearest_better_ratio", nearest_better_ratio(loss, apart), pair_count=nodes.size),
        metric("information_content", content, pair_count=nodes.size),
        metric("information_neutral", neutral, pair_count=nodes.size),
        _additive(surface),
    ]


def one_of_each_cluster(surface: Surface, seed: int) -> Surface:
    """Return the landscape with one configuration of each cluster that was evaluated together.

    Neighbours are no independent draws of the space; the one that most others of its cluster are a step from is what
    was drawn, of several one at random. Where no clusters can be told apart all stay.
    """
    try:
        pairs = pairs_of(surface)
    except TooLargeError:
        return surface
    label = clusters(surface.size, pairs)
    if label is None:
        return surface
    linked = np.bincount(np.concatenate((pairs.first, pairs.second)), minlength=surface.size)
    order = np.random.default_rng([seed, 4]).permutation(surface.size)
    order = order[np.argsort(-linked[order], kind="stable")]
    kept = np.sort(order[np.unique(label[order], return_index=True)[1]])
    return replace(surface, ranks=surface.ranks[kept], loss=surface.loss[kept])


def distances(surface: Surface, nodes: NDArray[np.int64]) -> Floats:
    """Return the distance of each two of some nodes, shape (nodes, nodes)."""
    space = surface.space
    total = np.zeros((nodes.size, nodes.size))
    for axis, (size, flag) in enumerate(zip(space.shape, space.ordinal, strict=True)):
        level = space.levels(surface.ranks[nodes], axis).astype(np.float64)
        gap = np.abs(level[:, None] - level[None, :])
        total += gap / max(size - 1, 1) if flag else gap > 0
    return total


def dispersion(loss: Floats, apart: Floats, weight: Floats) -> float:
    """Return the mean distance within the best tenth divided by that of all, configurations counted by weight."""
    order = np.argsort(loss, kind="stable")
    reached = np.cumsum(weight[order])
    best = order[: int(np.searchsorted(reached, BEST * reached[-1])) + 1]
    return _mean_apart(apart[np.ix_(best, best)], weight[best]) / _mean_apart(apart, weight)


def _mean_apart(apart: Floats, weight: Floats) -> float:
    """Return the mean distance of two different configurations."""
    pairs = float(weight.sum() ** 2 - (weight**2).sum())
    return float(weight @ apart @ weight) / pairs if pairs > 0 else math.nan


def _dispersion(loss: Floats, apart: Floats, rng: np.random.Generator) -> Metric:
    count = loss.size
    value = dispersion(loss, apart, np.ones(count))
    drawn = [
        dispersion(loss, apart, np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64))
        for _ in range(REPLICATES)
    ]
    lower, upper = np.nanquantile(drawn, [0.025, 0.975])
    if not math.isfinite(value):
        return metric("dispersion_10", None, "all configurations are the same distance apart")
    if count < LEAST_FOR_INTERVAL:
        return metric("dispersion_10", value, pair_count=count)
    return Metric(name="dispersion_10", value=value, lower=float(lower), upper=float(upper), pair_count=count)


def nearest_better_ratio(loss: Floats, apart: Floats) -> float | None:
    """Return the mean distance to the nearest other configuration divided by that to the nearest better one."""
    others = apart + np.diag(np.full(loss.size, np.inf))
    better = np.where(loss[None, :] < loss[:, None], others, np.inf).min(axis=1)
    has_better = np.isfinite(better)
    if not has_better.any():
        return None
    return float(others.min(axis=1)[has_better].mean() / better[has_better].mean())


def information(loss: Floats, apart: Floats, start: int) -> tuple[float, float]:
    """Return the largest information content, and the partial information content at threshold 0, of one way."""
    way = [start]
    left = np.ones(loss.size, dtype=bool)
    left[start] = False
    while len(way) < loss.size:
        near = np.where(left, apart[way[-1]], np.inf)
        way.append(int(np.argmin(near)))
        left[way[-1]] = False
    steps = np.diff(loss[way]) / np.maximum(apart[way[:-1], way[1:]], 1e-12)
    sizes = np.abs(steps)
    thresholds = np.unique(np.quantile(sizes, np.linspace(0, 1, EPSILONS)))
    content = max(_entropy(np.where(sizes > at, np.sign(steps), 0.0)) for at in [0.0, *thresholds.tolist()])
    moves = np.sign(steps)[sizes > 0]
    turns = 1 + int(np.count_nonzero(moves[1:] != moves[:-1])) if moves.size else 0
    return content, turns / max(steps.size, 1)


def _entropy(symbols: Floats) -> float:
    """Return the entropy, to base 6, of the pairs of successive symbols that differ (Vassilev et al. 2000)."""
    pairs = 3 * (symbols[:-1] + 1) + symbols[1:] + 1
    shares = np.bincount(pairs.astype(np.int64), minlength=9) / pairs.size
    differ = np.array([share for kind, share in enumerate(shares) if kind % 4 != 0 and share > 0])
    return float(-(differ * np.log(differ) / np.log(6)).sum())


def _additive(surface: Surface) -> Metric:
    """Return the adjusted R2 of the sum of the levels' effects on the loss, with its interval.

    There is none where the tail of what it leaves, or of the loss, is so heavy that squares have no variance.
    """
    columns = _dummies(surface)
    count, terms = columns.shape
    if count < SHARE_PER_TERM * (terms + 1):
        return metric("model_r2_additive", None, f"{count} configurations are too few for {terms} effects of levels")
    loss = (surface.loss - float(np.median(surface.loss))) / float(surface.ordered[-1] - surface.ordered[0])
    loss -= loss.mean()
    basis, sizes, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
    basis = basis[:, sizes > 1e-9 * sizes[0]]
    left = loss - basis @ (basis.T @ loss)
    spare = count - basis.shape[1] - 1
    unexplained, variance = float(left @ left) / spare, float(loss @ loss) / (count - 1)
    value = 1 - unexplained / variance
    if min(tail_index(left), tail_index(loss)) <= SQUARES_TAIL:
        return metric("model_r2_additive", value, pair_count=count)
    # The influence of each configuration on the logarithm of the ratio of both variances: infinitesimal jackknife.
    leverage = (basis**2).sum(axis=1) + 1 / count
    influence = left**2 / (1 - leverage) / unexplained - loss**2 / variance
    factor = math.exp(1.96 * math.sqrt(float(influence @ influence)) / spare)
    lower, upper = max(0.0, 1 - (1 - value) * factor), 1 - (1 - value) / factor
    return Metric(name="model_r2_additive", value=value, lower=lower, upper=max(upper, 0.0), pair_count=count)


def _dummies(surface: Surface) -> Floats:
    """Return a column for each level that occurs but the first, of every hyperparameter."""
    columns: Sequence[Floats] = [
        (level == one).astype(np.float64)
        for axis in range(len(surface.space.axes))
        for level in [surface.space.levels(surface.ranks, axis)]
        for one in np.unique(level)[1:]
    ]
    return np.stack(columns, axis=1) if columns else np.empty((surface.size, 0))
