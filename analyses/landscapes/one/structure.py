"""Metrics of a landscape's graph: ruggedness, neutrality, optima, basins, paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.graph import Graph
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.nodes import Nodes
from hpowh.analyses.landscapes.one.shares import SharesByDistance
from hpowh.analyses.landscapes.values import EQUAL, NO_PAIRS, Metric, is_constant, metric, pearson
from hpowh.analyses.statistics.ranks import ranked

ONE_OPTIMUM = "there is only one local optimum"


def pair_metrics(
    surface: Surface,
    graph: Graph,
    nodes: Nodes,
    table: SharesByDistance,
    by_rank: float | None,
    by_loss: float | None,
) -> list[Metric]:
    """Return what comes from neighbour pairs: assortativity, neutrality and gradient.

    Each names the number of undirected pairs behind it.

    Args:
        by_rank, by_loss: the walk's autocorrelation at lag 1, which is the assortativity.
    """
    directed = int(graph.degree.sum(dtype=np.int64))
    pairs = directed // 2
    if not pairs:
        names = (
            "assortativity_rank", "assortativity_loss", "neutrality", "neutrality_median", "neutrality_sd",
            "gradient", "gradient_relative",
        )  # fmt: skip
        return [Metric(name=name, value=None, reason=NO_PAIRS, pair_count=0) for name in names]
    scan = nodes.scan
    gradient = float(scan.slope.sum()) / directed
    spread = surface.quantile(0.75) - surface.quantile(0.25)
    return [
        metric("assortativity_rank", by_rank, EQUAL, pairs),
        metric("assortativity_loss", by_loss, EQUAL, pairs),
        metric("neutrality", float(scan.neutral.sum(dtype=np.int64)) / directed, pair_count=pairs),
        metric("neutrality_median", table.share_median(), pair_count=pairs),
        metric("neutrality_sd", table.share_sd(), pair_count=pairs),
        metric("gradient", gradient, pair_count=pairs),
        metric(
            "gradient_relative",
            gradient / spread if spread > 0 else None,
            "the interquartile range of the loss is 0",
            pairs,
        ),
    ]


def distance_metrics(surface: Surface, nodes: Nodes, table: SharesByDistance) -> list[Metric]:
    """Return FDC (loss against distance to the global optimum) and NDC (neutrality against it, sign turned).

    FDC is near 1 where the loss grows with the distance (Jones and Forrest 1995, for minimisation); NDC is positive
    where the landscape is flatter near the optimum.
    """
    distance = nodes.distance.astype(np.float64)
    same = "all configurations are global optima" if is_constant(surface.loss) else "all lie equally far"
    neutral_same = "all configurations are equally neutral or equally far"
    ndc_rank, ndc = table.correlation(by_rank=True), table.correlation(by_rank=False)
    return [
        metric("fdc_spearman", pearson(surface.average_rank, ranked(nodes.distance)), same),
        metric("fdc_pearson", pearson(surface.loss, distance), same),
        metric("ndc_spearman", None if ndc_rank is None else -ndc_rank, neutral_same),
        metric("ndc_pearson", None if ndc is None else -ndc, neutral_same),
    ]


def optimum_metrics(surface: Surface, nodes: Nodes) -> list[Metric]:
    """Return counts of local optima in their three readings, plateaus, basin sizes, descents and monotone paths."""
    basins, scan = nodes.basins, nodes.scan
    n, n_lo = surface.size, basins.optima.size
    plateau_sizes = np.bincount(basins.plateau, minlength=n)
    is_plateau = plateau_sizes > 1
    strict = (nodes.degree > 0) & (scan.improving == 0) & (scan.tied == 0)
    depth = surface.loss[basins.optima]
    in_global = np.isin(basins.optima, basins.plateau[surface.optima])
    global_size = int(basins.sizes[in_global].sum())
    metrics = [
        metric("n_isolated", float(np.count_nonzero(nodes.degree == 0))),
        metric("n_edges", float(nodes.degree.sum(dtype=np.int64) // 2)),
        metric("n_ties", float(scan.tied.sum(dtype=np.int64) // 2)),
        metric("n_lo", float(n_lo)),
        metric("n_lo_members", float(basins.members.sum())),
        metric("n_lo_weak", float(np.count_nonzero(scan.improving == 0))),
        metric("n_lo_strict", float(np.count_nonzero(strict))),
        metric("lo_ratio", n_lo / n),
        metric("n_global", float(np.count_nonzero(in_global))),
        metric("n_plateau", float(np.count_nonzero(is_plateau))),
        metric("n_plateau_lo", float(np.count_nonzero(basins.members > 1))),
        metric("plateau_share", float(plateau_sizes[is_plateau].sum()) / n),
        metric("basin_largest", float(basins.sizes.max())),
        metric("basin_median", float(np.median(basins.sizes))),
        metric("basin_mean", n / n_lo),
        metric("basin_global", float(global_size)),
        metric("basin_global_share", global_size / n),
        metric("basin_gini", gini(basins.sizes) if n_lo > 1 else None, ONE_OPTIMUM),
    ]
    metrics.append(_depth_correlation(basins.sizes, depth))
    metrics.append(metric("steps_mean", float(basins.steps.mean())))
    metrics.append(metric("steps_longest", float(basins.steps.max())))
    metrics.append(metric("monotone_share", float(nodes.is_monotone.mean())))
    return metrics


def _depth_correlation(sizes: NDArray[np.int64], depth: NDArray[np.float64]) -> Metric:
    """Spearman correlation of basin size and depth, positive where deeper optima have larger basins."""
    name = "basin_depth_correlation"
    if sizes.size < 3:
        return Metric(name=name, value=None, reason="there are fewer than three local optima")
    found = pearson(ranked(sizes), ranked(-depth))
    return metric(name, found, "all basins are equally large or equally deep")


def gini(sizes: NDArray[np.int64]) -> float:
    """Return the Gini coefficient of positive sizes: 0 where all are equal, towards 1 where one has nearly all."""
    ordered = np.sort(sizes).astype(np.float64)
    n = ordered.size
    return float(2 * np.sum(np.arange(1, n + 1) * ordered) / (n * ordered.sum()) - (n + 1) / n)
