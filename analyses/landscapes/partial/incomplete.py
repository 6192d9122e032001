"""Landscapes of which only a part was evaluated: intervals for what can be estimated, reasons for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.surface import Surface, sorted_quantile
from hpowh.analyses.landscapes.one.distribution import moments
from hpowh.analyses.landscapes.one.nodes import Nodes
from hpowh.analyses.landscapes.values import Metric, dot
from hpowh.analyses.wording import percent

MIN_PAIRS = 30
"""Fewer neighbour pairs give no estimate of a pair-based metric."""
STRUCTURE_COVERAGE = 0.5
"""Below this share of evaluated configurations nothing is said about optima, basins and paths."""
WORK = 40_000_000
"""Pairs x replicates that the bootstrap handles, between 40 and 200 replicates."""
MAX_INTERVAL_PAIRS = 5_000_000
"""Landscapes with more pairs get no interval: it would be narrower than the digits that are shown."""

HEAVY_TAIL = 0.3
"""Share of the squared deviations that the most extreme hundredth may hold before figures that rest on squares and
means are no estimates any more: a sample meets the few diverged runs, or does not."""

SQUARES_TAIL = 4.0
"""Tail index (Hill) from which the variance of a square is finite, so that a standard deviation has an interval."""
TAIL_PART = 0.05
"""Share of the configurations, the farthest from the median, from which the tail index is estimated."""

PAIR_BASED = (
    "assortativity_rank", "assortativity_loss", "neutrality", "neutrality_median", "neutrality_sd", "gradient",
    "gradient_relative", "ndc_spearman", "ndc_pearson",
)  # fmt: skip
TAIL_BASED = (
    "loss_mean", "loss_sd", "loss_skewness", "loss_kurtosis", "gradient", "gradient_relative", "assortativity_loss",
)  # fmt: skip
OPTIMUM_BASED = (
    "near_best_1", "near_best_5", "near_best_10", "fdc_spearman", "fdc_pearson", "ndc_spearman", "ndc_pearson",
)  # fmt: skip
NEIGHBOURHOODS = ("neutrality_median", "neutrality_sd")
STRUCTURAL = (
    "n_lo_deep", "depth_median",
    "n_lo", "n_lo_members", "n_lo_weak", "n_lo_strict", "lo_ratio", "n_global", "n_plateau", "n_plateau_lo",
    "plateau_share", "basin_largest", "basin_median", "basin_mean", "basin_global", "basin_global_share", "basin_gini",
    "basin_depth_correlation", "steps_mean", "steps_longest", "monotone_share",
)  # fmt: skip

Statistic = Callable[[NDArray[np.float64]], Mapping[str, float | None]]


def qualify(surface: Surface, nodes: Nodes, metrics: list[Metric], *, seed: int, epsilon: float) -> list[Metric]:
    """Return the metrics of an incomplete landscape with 95 % intervals, and NULL where nothing can be said.

    Estimates have an interval from resampling configurations, a pair counting as often as both its ends (the vertex
    bootstrap of Snijders and Borgatti 1999). What hangs on configurations that a sample may have missed (the optimum,
    the paths between configurations, a few diverged runs) is no estimate: from `STRUCTURE_COVERAGE` on it describes the
    evaluated configurations, without an interval, and below it is NULL.
    """
    pairs = int(nodes.degree.sum(dtype=np.int64)) // 2
    reasons = _reasons(surface)
    intervals = _intervals(surface, nodes, epsilon, seed) if surface.size > 2 else {}
    qualified = []
    for one in metrics:
        if one.name in PAIR_BASED and pairs < MIN_PAIRS:
            too_few = f"{pairs} evaluated neighbour pairs are too few; at least {MIN_PAIRS} are needed"
            qualified.append(replace(one, value=None, reason=too_few, pair_count=pairs))
        elif one.name in reasons:
            is_thin = surface.coverage < STRUCTURE_COVERAGE
            qualified.append(replace(one, value=None, reason=reasons[one.name]) if is_thin else one)
        elif one.value is not None and one.name in intervals:
            # Where no pair or every pair is neutral, so is it in every replicate: that is no interval of no width.
            lower, upper = (None, None) if _is_certain(one) else intervals[one.name]
            count = one.pair_count if one.pair_count is not None else surface.size
            qualified.append(replace(one, lower=lower, upper=upper, pair_count=count))
        else:
            qualified.append(one)
    return qualified


def _is_certain(one: Metric) -> bool:
    return one.name == "neutrality" and one.value in (0.0, 1.0)


def walk_reason(surface: Surface, pairs: int) -> tuple[str | None, str | None]:
    """Return why a walk's first step, and why its further steps, say nothing of the whole landscape; None: they do.

    The first is the correlation of neighbours, which a sample estimates; a walk of more steps on a thin sample goes to
    and fro between the few configurations that happen to be neighbours.
    """
    if surface.is_whole:
        return None, None
    if pairs < MIN_PAIRS:
        too_few = f"{pairs} evaluated neighbour pairs are too few; at least {MIN_PAIRS} are needed"
        return too_few, too_few
    if surface.coverage >= STRUCTURE_COVERAGE:
        return None, None
    return None, (
        f"{percent(surface.coverage, 2)} of the configurations were evaluated; walks of more than one step need at "
        "least "
        f"{percent(STRUCTURE_COVERAGE)}"
    )


def _reasons(surface: Surface) -> dict[str, str]:
    """Return why a sample says nothing about each metric that it says nothing about."""
    thin = f"{percent(surface.coverage, 2)} of the configurations were evaluated; "
    half = f"at least {percent(STRUCTURE_COVERAGE)}"
    reasons = dict.fromkeys(STRUCTURAL, f"{thin}optima, basins and paths need {half}")
    reasons |= dict.fromkeys(OPTIMUM_BASED, f"{thin}where the optimum is, and how good, is known from {half} only")
    reasons |= dict.fromkeys(NEIGHBOURHOODS, f"{thin}whole neighbourhoods need {half}")
    share = tail_share(surface.loss)
    if share > HEAVY_TAIL:
        heavy = (
            f"{thin}1 % of these hold {percent(share)} of the variance (diverged runs), so that a sample says nothing "
            "about "
            "it; see quantiles and ranks"
        )
        reasons |= dict.fromkeys(TAIL_BASED, heavy)
    return reasons


def tail_share(loss: NDArray[np.float64]) -> float:
    """Return the share of the squared deviations from the mean that the most extreme 1 % of the losses hold."""
    centred = np.abs(loss - loss.mean())
    wide = float(centred.max())
    if not wide:
        return 0.0
    squares = np.sort((centred / wide) ** 2)
    return float(squares[-max(1, loss.size // 100) :].sum() / squares.sum())


def tail_index(loss: NDArray[np.float64]) -> float:
    """Return Hill's estimate (1975, Annals of Statistics 3, 1163) of the tail index of distances from the median.

    Moments of an order above it do not exist. It is a mean of logarithms over the farthest `TAIL_PART`, so that
    meeting or missing a single extreme loss moves it little. Infinite where all these are equally far.
    """
    distance = np.sort(np.abs(loss - np.median(loss)))
    count = max(10, round(TAIL_PART * loss.size))
    if loss.size <= count or not distance[-count - 1] > 0:
        return 0.0 if distance[-1] > 0 else float("inf")
    excess = float(np.log(distance[-count:] / distance[-count - 1]).mean())
    return 1.0 / excess if excess > 0 else float("inf")


def _intervals(surface: Surface, nodes: Nodes, epsilon: float, seed: int) -> dict[str, tuple[float, float]]:
    """Return percentile intervals of all statistics that are estimates."""
    directed = int(nodes.degree.sum(dtype=np.int64))
    if directed > 2 * MAX_INTERVAL_PAIRS:
        return {}
    statistics = [_over_configurations(surface)]
    if directed // 2 >= MIN_PAIRS:
        statistics.append(_over_pairs(surface, epsilon))
    replicates = int(np.clip(WORK // max(directed // 2, surface.size), 40, 200))
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(replicates):
        weight = np.bincount(rng.integers(0, surface.size, surface.size), minlength=surface.size).astype(np.float64)
        found = {name: value for statistic in statistics for name, value in statistic(weight).items()}
        gradient, spread = found.get("gradient"), found.get("loss_iqr")
        if gradient is not None and spread:
            found["gradient_relative"] = gradient / spread
        for name, value in found.items():
            if value is not None and np.isfinite(value):
                drawn.setdefault(name, []).append(value)
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975)))
        for name, values in drawn.items()
        if len(values) >= replicates // 2
    }


def _over_configurations(surface: Surface) -> Statistic:
    """Return the statistics of single configurations as a function of how often each was drawn.

    Skewness and kurtosis are none: their intervals held the truth of heavy tails never. The standard deviation is one
    where the tail's index allows it, which the bulk of the tail tells, not the few extreme losses a sample may miss.
    """
    order, ordered = surface.order, surface.ordered
    has_spread = tail_index(surface.loss) > SQUARES_TAIL

    def statistic(weight: NDArray[np.float64]) -> Mapping[str, float | None]:
        sample = np.repeat(ordered, weight[order].astype(np.int64))
        mean, deviation, _, _ = moments(sample)
        low, median, high = (sorted_quantile(sample, probability) for probability in (0.25, 0.5, 0.75))
        return {
            "loss_mean": mean, "loss_sd": deviation if has_spread else None, "loss_median": median,
            "loss_iqr": high - low,
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
