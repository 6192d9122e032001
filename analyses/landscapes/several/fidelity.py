"""A cheaper fidelity against the full one: what its ranking tells, what picking there costs, what it saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.landscapes.several.similarity import Prepared, compare
from hpowh.analyses.landscapes.several.transfer import restricted

MEASURES = (
    "spearman", "kendall", "shake_up", "best_overlap_1", "best_overlap_5", "best_overlap_10", "best_overlap_25",
    "worst_overlap_10", "regret", "regret_relative", "importance_agreement",
)  # fmt: skip
"""Measures of similarity that are kept, as `similarity.compare` names them."""
TOP = 10
"""Per cent of the configurations that are looked at again in full."""


def against_full(low: Prepared, full: Prepared, floor: float | None) -> dict[str, Any]:
    """Return how the landscape at a lower fidelity agrees with the one at the full fidelity.

    Args:
        floor: noise floor of the full fidelity; None where it is unknown.

    Returns:
        The measures of similarity, `is_noise` (whether the regret is within the floor), `top_share` (the smallest share
        of the best at the low fidelity that holds an optimum of the full one) and `has_optimum` (whether the best 10 %
        do). Equal losses at the low fidelity share the mean of their ranks: a fidelity at which all configurations are
        equal tells nothing, and its best 10 % hold the optimum by luck only.

    Raises:
        LandscapeError: the two have no configuration in common.
    """
    found = {one.name: one for one in compare(low, full)}
    row: dict[str, Any] = {name: found[name].value for name in MEASURES}
    count = int(found["spearman"].pair_count or 0)
    share = _top_share(low, full)
    regret = row["regret"]
    return row | {
        "configuration_count": count,
        "is_noise": None if floor is None or regret is None else bool(regret <= floor),
        "top_share": share,
        "has_optimum": None if share is None else bool(share * count <= max(1.0, round(count * TOP / 100))),
        "reason": found["spearman"].reason,
    }


def _top_share(low: Prepared, full: Prepared) -> float | None:
    """Return the mean rank of the best-placed full optimum at the low fidelity, as a share of the configurations."""
    first, second = restricted([low.surface, full.surface])
    if first.loss.min() == first.loss.max():
        return None
    return float(first.average_rank[second.optima].min()) / first.size


def mark_cheapest(rows: Sequence[dict[str, Any]]) -> None:
    """Set `is_cheapest` for the fidelity of one landscape that costs least and whose best 10 % hold an optimum.

    Args:
        rows: all fidelities of one landscape, the full one among them; changed in place.
    """
    able = [row for row in rows if row["has_optimum"]]
    best = min(
        able, key=lambda row: (row["cost_share"] is None, row["cost_share"] or 0.0, row["fidelity"]), default=None
    )
    for row in rows:
        row["is_cheapest"] = row is best


def saved_share(row: Mapping[str, Any]) -> float | None:
    """Return what is saved of the full cost by evaluating all at this fidelity and its best 10 % in full."""
    cost = row["cost_share"]
    return None if cost is None else 1.0 - cost - TOP / 100


def cost_shares(costs: Mapping[float, float], full: float) -> dict[float, float | None]:
    """Return each fidelity's share of the full fidelity's cost, None where none was measured."""
    whole = costs.get(full, 0.0)
    return {at: (spent / whole if whole > 0 and np.isfinite(spent) else None) for at, spent in costs.items()}
