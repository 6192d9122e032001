"""Landscapes of which only a part was evaluated: intervals for what can be estimated, reasons for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.distribution import moments, near_best
from hpowh.analyses.landscapes.edges import neighbour_pairs
from hpowh.analyses.landscapes.nodes import Nodes
from hpowh.analyses.landscapes.surface import Surface, sorted_quantile
from hpowh.analyses.landscapes.values import Metric, dot, pearson, ranked

MIN_PAIRS = 30
"""Fewer neighbour pairs give no estimate of a pair-based metric."""
STRUCTURE_COVERAGE = 0.5
"""Below this share of evaluated configurations nothing is said about optima, basins and paths."""
WORK = 40_000_000
"""Pairs x replicates that the bootstrap handles, between 40 and 200 replicates."""
MAX_INTERVAL_PAIRS = 5_000_000
"""Landscapes with more pairs get no interval: it would be narrower than the digits that are shown."""

PAIR_BASED = (
    "assortativity_rank", "assortativity_loss", "neutrality", "neutrality_median", "neutrality_sd", "gradient",
    "gradient_relative", "ndc_spearman", "ndc_pearson",
)  # fmt: skip
STRUCTURAL = (
    "n_lo", "n_lo_members", "n_lo_weak", "n_lo_strict", "lo_ratio", "n_global", "n_plateau", "n_plateau_lo",
    "plateau_share", "basin_largest", "basin_median", "basin_mean", "basin_global", "basin_global_share", "basin_gini",
    "basin_depth_correlation", "steps_mean", "steps_longest", "monotone_share",
)  # fmt: skip

Statistic = Callable[[NDArray[np.float64]], Mapping[str, float | None]]


def qualify(surface: Surface, nodes: Nodes, metrics: list[Metric], *, seed: int, epsilon: float) -> list[Metric]:
    """Return the metrics of an incomplete landscape with 95 % intervals, and NULL where nothing can be said.

    Estimates are those of the evaluated configurations; their intervals come from resampling configurations, a pair
    counting as often as both its ends (the vertex bootstrap of Snijders and Borgatti 1999).
    """
    pairs = int(nodes.degree.sum(dtype=np.int64)) // 2
    too_few = f"{pairs} evaluated neighbour pairs are too few; at least {MIN_PAIRS} are needed"
    too_thin = (
        f"{surface.coverage:.2%} of the configurations were evaluated; "
        f"optima, basins and paths need at least {STRUCTURE_COVERAGE:.0%}"
    )
    intervals = _intervals(surface, nodes, epsilon, seed) if surface.size > 2 else {}
    found = []
    for one in metrics:
        if one.name in PAIR_BASED and pairs < MIN_PAIRS:
            found.append(replace(one, value=None, reason=too_few, pair_count=pairs))
        elif one.name in STRUCTURAL and surface.coverage < STRUCTURE_COVERAGE:
            found.append(replace(one, value=None, reason=too_thin))
        elif one.value is not None and one.name in intervals:
            lower, upper = intervals[one.name]
            count = one.pair_count if one.pair_count is not None else surface.size
            found.append(replace(one, lower=lower, upper=upper, pair_count=count))
        else:
            found.append(one)
    return found


def _intervals(surface: Surface, nodes: Nodes, epsilon: float, seed: int) -> dict[str, tuple[float, float]]:
    """Return percentile intervals of all statistics that are estimates."""
    directed = int(nodes.degree.sum(dtype=np.int64))
    if directed > 2 * MAX_INTERVAL_PAIRS:
        return {}
    statistics = [_over_configurations(surface, nodes)]
    if directed // 2 >= MIN_PAIRS:
        statistics.append(_over_pairs(surface, epsilon))
    replicates = int(np.clip(WORK // max(directed // 2, surface.size), 40, 200))
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(replicates):
        weight = np.bincount(rng.integers(0, surface.size, surface.size), minlength=surface.size).astype(np.float64)
        for statistic in statistics:
            for name, value in statistic(weight).items():
                if value is not None and np.isfinite(value):
                    drawn.setdefault(name, []).append(value)
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975)))
        for name, values in drawn.items()
        if len(values) >= replicates // 2
    }


def _over_configurations(surface: Surface, nodes: Nodes) -> Statistic:
    """Return the statistics of single configurations as a function of how often each was drawn."""
    order, loss = surface.order, surface.loss
    loss_rank, distance_rank = surface.average_rank, ranked(nodes.distance)
    distance, share = nodes.distance.astype(np.float64), nodes.neutrality
    share_rank, best = ranked(share), float(surface.loss[surface.order[0]])

    def statistic(weight: NDArray[np.float64]) -> Mapping[str, float | None]:
        drawn = np.repeat(order, weight[order].astype(np.int64))
        sample = loss[drawn]
        mean, deviation, skewness, kurtosis = moments(sample)
        low, median, high = (sorted_quantile(sample, probability) for probability in (0.25, 0.5, 0.75))
        linked = drawn[nodes.degree[drawn] > 0]
        ndc_rank, ndc = pearson(share_rank[linked], distance_rank[linked]), pearson(share[linked], distance[linked])
        near = near_best(sample, best, median)
        return {
            "loss_mean": mean, "loss_sd": deviation, "loss_skewness": skewness, "loss_kurtosis": kurtosis,
            "loss_median": median, "loss_iqr": high - low,
            "near_best_1": near[0], "near_best_5": near[1], "near_best_10": near[2],
            "fdc_spearman": pearson(loss_rank[drawn], distance_rank[drawn]),
            "fdc_pearson": pearson(sample, distance[drawn]),
            "ndc_spearman": None if ndc_rank is None else -ndc_rank,
            "ndc_pearson": None if ndc is None else -ndc,
        }  # fmt: skip

    return statistic


def _over_pairs(surface: Surface, epsilon: float) -> Statistic:
    """Return the statistics of neighbour pairs as a function of how often each configuration was drawn."""
    first, second, _ = neighbour_pairs(surface.space, surface.ranks)
    size = np.abs(surface.loss[first] - surface.loss[second])
    neutral = (size <= epsilon).astype(np.float64)
    raw = surface.loss - surface.loss.mean()
    raw = raw / (float(np.abs(raw).max()) or 1.0)
    ends = [(name, x[first], x[second]) for name, x in (("loss", raw), ("rank", surface.average_rank))]

    def statistic(weight: NDArray[np.float64]) -> Mapping[str, float | None]:
        both = weight[first] * weight[second]
        total = float(both.sum())
        if not total:
            return {}
        found: dict[str, float | None] = {
            "neutrality": dot(both, neutral) / total,
            "gradient": dot(both, size) / total,
        }
        for name, a, b in ends:
            mean = dot(both, a + b) / (2 * total)
            u, v = a - mean, b - mean
            variance = dot(both, u * u + v * v) / 2
            found[f"assortativity_{name}"] = dot(both, u * v) / variance if variance > 0 else None
        return found

    return statistic
