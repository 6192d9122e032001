"""Portraits of spaces of which only thousands of a sky of cells were evaluated: what pairs of configurations tell.

All of it rests on pairs that differ in one hyperparameter, found among whatever was evaluated: the design `pairs` of
`hpowh evaluate` makes them, and any sample that is dense enough has some. Axes are weighed as the whole grid has pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.partial.incomplete import STRUCTURE_COVERAGE, TAIL_BASED
from hpowh.analyses.landscapes.values import Metric

Floats = NDArray[np.float64]

LEAST_AXIS_PAIRS = 15
"""Pairs that each axis needs."""
LEAST_SQUARES = 30
LEAST_CLUSTERS = 30
LARGEST_CLUSTER = 0.1
"""Share of the pairs that the largest cluster may hold for clusters to be drawn anew."""
REPLICATES = 200
WORK = 20_000_000
"""Pairs x replicates of the bootstrap, between 40 and `REPLICATES` replicates."""
MAX_PAIRS = 2_000_000
"""With more pairs there is no portrait: intervals of a sample so dense come from its configurations."""
MAX_SQUARES = 2_000_000


@dataclass(frozen=True)
class Pairs:
    """Pairs of configurations that differ in one hyperparameter, whatever its levels."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    axis: NDArray[np.int16]
    is_step: NDArray[np.bool_]
    """Whether the two are neighbours."""


@dataclass(frozen=True)
class Estimate:
    """A number, its 95 % interval, and from how many pairs or squares it comes."""

    value: float
    lower: float
    upper: float
    count: int


@dataclass(frozen=True)
class Portrait:
    """What pairs tell of a landscape."""

    metrics: dict[str, Estimate]
    """`neutrality`, `gradient`, `assortativity_…`, `interaction_…`."""
    total: dict[int, Estimate]
    """By axis: the total share of the variance of the loss (Jansen 1999)."""
    total_ranks: dict[int, Estimate]
    """By axis: the same of its ranks."""
    pair_count: int
    """All pairs that differ in one hyperparameter."""
    why: str | None = None
    """Why there is nothing."""


def thin_portrait(surface: Surface, epsilon: float, *, seed: int) -> Portrait | None:
    """Return the portrait of a landscape that is too thin to be completed; None where it is not, or has no pairs.

    None also in a conditional space: axes have pairs where they are active only, so that a grid's weights are wrong.
    """
    if surface.space.conditions or surface.coverage >= STRUCTURE_COVERAGE or surface.ordered[0] == surface.ordered[-1]:
        return None
    try:
        found = portrait(surface, epsilon, seed=seed)
    except TooLargeError:
        return None
    return None if found.why else found


def estimated(metrics: Sequence[Metric], found: Portrait | None) -> list[Metric]:
    """Return the metrics, those that the pairs of a thin sample tell with their estimate and interval.

    What diverged runs ruin stays undefined.
    """
    if found is None:
        return list(metrics)
    return [
        _as_metric(one.name, known)
        if (known := found.metrics.get(one.name)) is not None and not (one.reason and one.name in TAIL_BASED)
        else one
        for one in metrics
    ]


def _as_metric(name: str, known: Estimate) -> Metric:
    """Return an estimate as a metric; where no replicate differed (none or all neutral) there is no interval."""
    lower, upper = (known.lower, known.upper) if known.lower < known.upper else (None, None)
    return Metric(name=name, value=known.value, lower=lower, upper=upper, pair_count=known.count)


def with_totals(rows: Sequence[Mapping[str, Any]], surface: Surface, found: Portrait) -> list[dict[str, Any]]:
    """Return the rows of `landscape_importance` with the total shares that pairs tell, and their intervals."""
    turned = []
    at = {axis.position: j for j, axis in enumerate(surface.space.axes)}
    for row in rows:
        totals = {"all": found.total, "ranks": found.total_ranks}.get(row["scope"], {})
        one = totals.get(at[row["position"]])
        if one is None:
            turned.append(dict(row))
            continue
        method = f"{row['method']}; total share from {found.pair_count:,} pairs (Jansen 1999)"
        bounds = {"total_lower": max(0.0, one.lower), "total_upper": min(1.0, one.upper)}
        turned.append({**row, "total_share": min(1.0, one.value), "method": method, **bounds})
    return turned


def pairs_of(surface: Surface) -> Pairs:
    """Return all pairs that differ in one hyperparameter.

    Raises:
        TooLargeError: there are too many to list.
    """
    space = surface.space
    free = Space(tuple(replace(axis, is_ordinal=False) for axis in space.axes))
    first, second, axis = neighbour_pairs(free, surface.ranks)
    strides, flags = np.array(space.strides), np.array(space.ordinal)
    apart = (surface.ranks[second] - surface.ranks[first]) // strides[axis]
    return Pairs(first, second, axis, ~flags[axis] | (apart == 1))


def portrait(surface: Surface, epsilon: float, *, seed: int) -> Portrait:
    """Return what the pairs and squares among the evaluated configurations tell of the whole landscape.

    Intervals are percentiles of a bootstrap of clusters of pairs that share configurations; where there are no such
    clusters (one holds a tenth of the pairs), of configurations, a pair counting as often as both its ends.
    """
    pairs = pairs_of(surface)
    space = surface.space
    wide = [axis for axis, size in enumerate(space.shape) if size > 1]
    steps = np.bincount(pairs.axis[pairs.is_step], minlength=len(space.shape))
    short = [space.names[axis] for axis in wide if steps[axis] < LEAST_AXIS_PAIRS]
    if short:
        return Portrait(
            {},
            {},
            {},
            pairs.first.size,
            f"{', '.join(short[:5])} have fewer than {LEAST_AXIS_PAIRS} evaluated neighbours",
        )
    if pairs.first.size > MAX_PAIRS:
        return Portrait({}, {}, {}, pairs.first.size, f"there are more than {MAX_PAIRS:,} pairs")
    squares = _squares(surface, pairs)
    rng = np.random.default_rng(seed)
    draw, is_clustered = _drawing(surface.size, pairs, rng)
    statistic = _statistic(surface, pairs, squares, epsilon, is_clustered)
    whole = statistic(np.ones(surface.size))
    drawn: dict[str, list[float]] = {}
    replicates = int(np.clip(WORK // pairs.first.size, 40, REPLICATES))
    for _ in range(replicates):
        for name, value in statistic(draw()).items():
            drawn.setdefault(name, []).append(value)
    counts = {name: int(steps.sum()) for name in whole} | {name: len(squares) for name in SQUARE_NAMES}
    found = {
        name: Estimate(value, _quantile(drawn[name], 0.025), _quantile(drawn[name], 0.975), counts[name])
        for name, value in whole.items()
        if len(drawn.get(name, ())) >= replicates // 2
    }
    total, by_rank = (
        {axis: found[f"{kind}{axis}"] for axis in wide if f"{kind}{axis}" in found} for kind in (TOTAL, TOTAL_RANKS)
    )
    metrics = {name: one for name, one in found.items() if not name.startswith((TOTAL, TOTAL_RANKS))}
    return Portrait(metrics, total, by_rank, pairs.first.size)


def _quantile(drawn: list[float], probability: float) -> float:
    return float(np.quantile(drawn, probability))


TOTAL, TOTAL_RANKS = "total of loss ", "total of ranks "
SQUARE_NAMES = ("interaction_additive", "interaction_magnitude", "interaction_sign", "interaction_reciprocal")


def clusters(size: int, pairs: Pairs) -> NDArray[np.int32] | None:
    """Return the cluster of each configuration: those that pairs link; None where one has most, or few are.

    A design that evaluates a configuration with its neighbours draws clusters, not configurations.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(pairs.first.size, dtype=np.int8)
    count, label = connected_components(coo_array((ones, (pairs.first, pairs.second)), shape=(size, size)))
    in_cluster = np.bincount(label[pairs.first], minlength=count)
    linked = int(np.count_nonzero(in_cluster))
    if linked >= LEAST_CLUSTERS and in_cluster.max() <= LARGEST_CLUSTER * pairs.first.size:
        return np.asarray(label, dtype=np.int32)
    return None


def _drawing(size: int, pairs: Pairs, rng: np.random.Generator) -> tuple[Callable[[], Floats], bool]:
    """Return a function that draws how often each configuration counts, and whether whole clusters are drawn."""
    label = clusters(size, pairs)
    if label is not None:
        count = int(label.max()) + 1
        return lambda: np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)[label], True
    return lambda: np.bincount(rng.integers(0, size, size), minlength=size).astype(np.float64), False


def _statistic(
    surface: Surface, pairs: Pairs, squares: NDArray[np.int64], epsilon: float, is_clustered: bool
) -> Callable[[Floats], Mapping[str, float]]:
    """Return all estimates as a function of how often each configuration counts."""
    space = surface.space
    edges = np.array(
        [(size - 1) / size if flag else (size - 1) / 2 for size, flag in zip(space.shape, space.ordinal, strict=True)]
    )
    loss = surface.loss - float(np.median(surface.loss))
    scale = float(np.abs(loss).max()) or 1.0
    values = {"loss": loss / scale, "rank": surface.average_rank / surface.size}
    gap = np.abs(surface.loss[pairs.first] - surface.loss[pairs.second])
    step = np.flatnonzero(pairs.is_step)
    kinds = _kinds(surface, squares)

    def statistic(weight: Floats) -> Mapping[str, float]:
        # In a drawn cluster all count alike; else a pair counts as often as both its ends.
        both = weight[pairs.first] if is_clustered else weight[pairs.first] * weight[pairs.second]
        # Each axis counts as the whole grid has pairs along it, however many of them were evaluated.
        per_axis = np.bincount(pairs.axis[step], weights=both[step], minlength=edges.size)
        per_pair = (
            both[step] * np.divide(edges, per_axis, out=np.zeros(edges.size), where=per_axis > 0)[pairs.axis[step]]
        )
        total = float(per_pair.sum())
        if not total or not np.all(per_axis[edges > 0] > 0):
            return {}
        estimates = {
            "neutrality": float(per_pair @ (gap[step] <= epsilon)) / total,
            "gradient": float(per_pair @ gap[step]) / total,
        }
        everyone = float(weight.sum())
        reached = np.cumsum(weight[surface.order])
        quarter, three = np.searchsorted(reached, [0.25 * everyone, 0.75 * everyone])
        spread_of_all = float(surface.ordered[three] - surface.ordered[quarter])
        if spread_of_all > 0:
            estimates["gradient_relative"] = estimates["gradient"] / spread_of_all
        for name, value in values.items():
            a, b = value[pairs.first[step]], value[pairs.second[step]]
            mean = float(per_pair @ (a + b)) / (2 * total)
            spread = float(per_pair @ ((a - mean) ** 2 + (b - mean) ** 2)) / 2
            if spread > 0:
                estimates[f"assortativity_{name}"] = float(per_pair @ ((a - mean) * (b - mean))) / spread
            variance = float(weight @ (value - float(weight @ value) / everyone) ** 2) / everyone
            half = (value[pairs.first] - value[pairs.second]) ** 2 / 2
            for axis, share in _totals(space, pairs, both, half).items():
                if variance > 0:
                    estimates[f"{TOTAL if name == 'loss' else TOTAL_RANKS}{axis}"] = share / variance
        if len(squares) >= LEAST_SQUARES:
            corner = weight[squares[:, 0]] if is_clustered else weight[squares].prod(axis=1)
            if corner.sum() > 0:
                estimates |= {name: float(corner @ (kinds == i)) / corner.sum() for i, name in enumerate(SQUARE_NAMES)}
        return estimates

    return statistic


def _totals(space: Space, pairs: Pairs, both: Floats, half: Floats) -> dict[int, float]:
    """Return the total variance of each axis: half the mean square between two independent levels (Jansen 1999).

    Two independent levels are the same with 1 / L; of an ordered axis's other pairs 2 / L are neighbours. Pairs that
    are no neighbours stand for all such.
    """
    found = {}
    for axis, (size, flag) in enumerate(zip(space.shape, space.ordinal, strict=True)):
        if size < 2:
            continue
        mine = pairs.axis == axis
        near = mine & pairs.is_step
        far = mine & ~pairs.is_step
        near_weight, far_weight = float(both[near].sum()), float(both[far].sum())
        if not near_weight or (flag and size > 2 and not far_weight):
            continue
        mean = float(both[near] @ half[near]) / near_weight
        if flag and size > 2:
            share = 2 / size
            mean = share * mean + (1 - share) * float(both[far] @ half[far]) / far_weight
        found[axis] = (1 - 1 / size) * mean
    return found


def _squares(surface: Surface, pairs: Pairs) -> NDArray[np.int64]:
    """Return the evaluated squares as rows of four nodes: one, its neighbours on two axes, and the cell across."""
    step = pairs.is_step
    ends = np.concatenate((pairs.first[step], pairs.second[step]))
    others = np.concatenate((pairs.second[step], pairs.first[step]))
    axes = np.concatenate((pairs.axis[step], pairs.axis[step]))
    order = np.argsort(ends, kind="stable")
    ends, others, axes = ends[order], others[order], axes[order]
    found, total = [], 0
    distance = 1
    ranks = surface.ranks
    while True:
        same = np.flatnonzero(ends[distance:] == ends[:-distance])
        if not same.size or total > MAX_SQUARES:
            break
        total += same.size
        one, other = same, same + distance
        differ = axes[one] != axes[other]
        one, other = one[differ], other[differ]
        across = ranks[others[one]] + ranks[others[other]] - ranks[ends[one]]
        at = np.minimum(np.searchsorted(ranks, across), ranks.size - 1)
        there = ranks[at] == across
        corners = np.stack((ends[one], others[one], others[other], at), axis=1)[there].astype(np.int64)
        found.append(corners[corners[:, 0] == corners.min(axis=1)])  # each square once, by its smallest corner
        distance += 1
    return np.concatenate(found) if found else np.empty((0, 4), dtype=np.int64)


def _kinds(surface: Surface, squares: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the kind of each square, as `interactions` has them: its place in `SQUARE_NAMES`."""
    from hpowh.analyses.landscapes.one.interactions import TOLERANCE

    f00, f10, f01, f11 = surface.loss[squares].T
    mixed = np.abs((f11 - f01) - (f10 - f00))
    additive = mixed <= TOLERANCE * np.abs(surface.loss[squares]).sum(axis=1)
    turns = ((f10 - f00) * (f11 - f01) < 0).astype(np.int64) + ((f01 - f00) * (f11 - f10) < 0)
    return np.where(additive, 0, 1 + turns)
