"""Neutrality over the threshold: how many neighbours are alike, and whether more of them near the optimum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.epsilon import CURVE, PER_CENT, Epsilon
from hpowh.analyses.landscapes.grid.graph import Graph
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.nodes import Nodes
from hpowh.analyses.landscapes.one.shares import shares_by_distance

MAX_CURVE_PAIRS = 2_000_000
"""Landscapes with more pairs have the neutrality-distance correlation at the chosen threshold and at 1 % only."""


def neutrality_table(surface: Surface, graph: Graph, nodes: Nodes, epsilon: Epsilon) -> dict[str, Any]:
    """Return neutrality and its correlation with distance, at the thresholds of the curve and at the chosen one."""
    pairs = int(graph.degree.sum(dtype=np.int64)) // 2
    if not pairs:
        return {"epsilon": [], "neutrality": [], "pair_count": []}
    thresholds = np.unique(np.append(np.array(CURVE) * epsilon.unit, epsilon.value))
    within = graph.pairs_within(surface, thresholds)
    relative = thresholds / epsilon.unit if epsilon.unit > 0 else np.full(thresholds.size, np.nan)
    return {
        "epsilon": thresholds,
        "relative_epsilon": relative,
        "neutrality": within / pairs,
        "pair_count": np.full(thresholds.size, pairs),
        "ndc_spearman": _ndc_curve(surface, graph, nodes, thresholds, epsilon),
    }


def _ndc_curve(
    surface: Surface, graph: Graph, nodes: Nodes, thresholds: NDArray[np.float64], epsilon: Epsilon
) -> list[float | None]:
    """Return minus the correlation of neutrality and distance (Spearman) at each threshold; None where it has none."""
    pairs = int(nodes.degree.sum(dtype=np.int64)) // 2
    curve: list[float | None] = []
    for threshold in thresholds.tolist():
        is_wanted = pairs <= MAX_CURVE_PAIRS or abs(threshold - PER_CENT * epsilon.unit) <= 1e-12 * epsilon.unit
        if threshold == epsilon.value:
            correlation = shares_by_distance(nodes).correlation(by_rank=True)
        elif is_wanted:
            neutral = graph.neutral(surface, threshold)
            correlation = shares_by_distance(replace(nodes, scan=replace(nodes.scan, neutral=neutral))).correlation(
                by_rank=True
            )
        else:
            correlation = None
        curve.append(None if correlation is None else -correlation)
    return curve
