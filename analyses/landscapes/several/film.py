"""A landscape over its fidelities: where the optimum stands, and how much of the final best set is there already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.distance import optimum_distance
from hpowh.analyses.landscapes.several.transfer import restricted

BEST = 0.1
"""Share of the configurations that are the best set; equal losses at its border belong to it."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The landscape at one fidelity, beside that at the full one."""

    configuration_count: int
    """Configurations that have a loss at every fidelity."""
    optimum_configuration_id: int
    """The optimum; of tied ones the first."""
    optimum_count: int
    optimum_distance: int
    """Moves from the nearest optimum here to the nearest optimum at full fidelity."""
    optimum_better_share: float
    """Share of the configurations that are better at full fidelity than the optimum here; mean over tied ones."""
    best_share: float
    """Size of the best set here, as a share of all: what of any set is in it by chance."""
    kept_share: float
    """Share of the full fidelity's best set that is in the best set here."""
    persistent_share: float
    """Share of it that is in the best set here and at every higher fidelity."""


def film(surfaces: Sequence[Surface]) -> list[Frame]:
    """Return a frame a fidelity; none where no configuration has a loss at all of them.

    Args:
        surfaces: one landscape at ascending fidelities, the full one last.
    """
    shared = restricted(surfaces)
    full = shared[-1]
    if not full.size:
        return []
    away = optimum_distance(full)
    final = best_set(full)
    stays = final.copy()
    frames: list[Frame] = []
    for surface in reversed(shared):
        here = best_set(surface)
        stays &= here
        optima = surface.optima
        better = np.searchsorted(full.ordered, full.loss[optima], side="left") / full.size
        frames.append(
            Frame(
                configuration_count=full.size,
                optimum_configuration_id=int(surface.ranks[optima[0]]),
                optimum_count=int(optima.size),
                optimum_distance=int(away[optima].min()),
                optimum_better_share=float(better.mean()),
                best_share=float(here.mean()),
                kept_share=float(here[final].mean()),
                persistent_share=float(stays[final].mean()),
            )
        )
    return frames[::-1]


def best_set(surface: Surface) -> NDArray[np.bool_]:
    """Return which configurations are among the best tenth, those as good as the last of it with them."""
    last = surface.ordered[max(1, math.ceil(BEST * surface.size)) - 1]
    within: NDArray[np.bool_] = surface.loss <= last
    return within
