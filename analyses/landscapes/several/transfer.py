"""Across data sets: one configuration for all of them, and what it costs on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface

ONE = "there is one data set only"
NONE_IN_COMMON = "no configuration was evaluated on every data set"


@dataclass(frozen=True, kw_only=True)
class Default:
    """What a common configuration costs on one data set."""

    configuration_id: int | None
    """The configuration with the best mean rank; of several, the one with the smallest id."""
    regret: float | None = None
    """Its loss minus the best loss there."""
    regret_relative: float | None = None
    """The regret as a share of the way from the best to the median loss there; None where there is no way."""
    better_share: float | None = None
    """The share of the configurations that are better there."""
    held_out_configuration_id: int | None = None
    """The one chosen by the other data sets alone, as for a data set that is new."""
    held_out_regret: float | None = None
    held_out_regret_relative: float | None = None
    held_out_better_share: float | None = None
    reason: str | None = None


def common_defaults(surfaces: Sequence[Surface]) -> list[Default]:
    """Return what the best common configuration costs on each data set, chosen with and without that data set.

    Ranks (ties sharing their mean) are averaged over the data sets, so that no data set counts more because its losses
    are spread wider. Where several configurations are equally good on the other data sets, the regrets of the held-out
    choice are their mean.
    """
    if len(surfaces) < 2:
        return [Default(configuration_id=None, reason=ONE) for _ in surfaces]
    shared = restricted(surfaces)
    ranks = shared[0].ranks
    if not ranks.size:
        return [Default(configuration_id=None, reason=NONE_IN_COMMON) for _ in surfaces]
    places = np.array([one.average_rank for one in shared])
    total = places.sum(axis=0)
    chosen = np.flatnonzero(total == total.min())[:1]
    found = []
    for number, surface in enumerate(shared):
        rest = total - places[number]
        # Differences of sums of half-integers are exact, so ties are ties.
        others = np.flatnonzero(rest == rest.min())
        regret, relative, better = _costs(surface, chosen)
        held_out_regret, held_out_relative, held_out_better = _costs(surface, others)
        found.append(
            Default(
                configuration_id=int(ranks[chosen[0]]),
                regret=regret,
                regret_relative=relative,
                better_share=better,
                held_out_configuration_id=int(ranks[others[0]]),
                held_out_regret=held_out_regret,
                held_out_regret_relative=held_out_relative,
                held_out_better_share=held_out_better,
            )
        )
    return found


def restricted(surfaces: Sequence[Surface]) -> list[Surface]:
    """Return the landscapes with the configurations that all of them have."""
    ranks = surfaces[0].ranks
    for surface in surfaces[1:]:
        if not np.array_equal(ranks, surface.ranks):
            ranks = np.intersect1d(ranks, surface.ranks, assume_unique=True)
    return [Surface(space=one.space, ranks=ranks, loss=one.loss[np.searchsorted(one.ranks, ranks)]) for one in surfaces]


def _costs(surface: Surface, nodes: NDArray[np.int64]) -> tuple[float, float | None, float]:
    """Return regret, relative regret and the share that is better, means over the nodes."""
    ordered = surface.loss[surface.order]
    carried = surface.loss[nodes]
    regret = float(carried.mean() - ordered[0])
    way = float(np.median(ordered) - ordered[0])
    better = float(np.searchsorted(ordered, carried, side="left").mean()) / surface.size
    return regret, regret / way if way > 0 else None, better
