"""Loss and cost together: what no neighbour beats in both, and whether the Pareto front hangs together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.graph import connected_roots
from hpowh.analyses.landscapes.grid.surface import Surface

Floats = NDArray[np.float64]
DRAWS = 100
"""Random sets of configurations that say how much of a front hangs together by chance."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """A landscape of two losses. One configuration beats another that is no better in either and worse in one."""

    configuration_count: int
    """Configurations with both a loss and a cost."""
    front_count: int
    """Those that no configuration beats."""
    local_count: int
    """Those that no neighbour beats."""
    local_front_share: float
    """Share of these that are on the front: where it is 1, a search that never accepts worse ends there."""
    component_count: int
    """Parts of the front between which no step leads along it."""
    largest_share: float
    """Share of the front in the largest part."""
    chance_largest_share: float
    """The same of as many random configurations, mean over 100 draws."""


def front_of(surface: Surface, cost: Floats, *, seed: int = 0) -> Front:
    """Return the Pareto front, the Pareto-local optima (Paquete et al. 2004), and how the front is connected.

    Args:
        cost: of each configuration of the surface, finite.

    Raises:
        TooLargeError: there are too many neighbour pairs to be listed.
    """
    loss = surface.loss
    on_front = pareto(loss, cost)
    first, second, _ = neighbour_pairs(surface.space, surface.ranks)
    beaten = np.zeros(surface.size, dtype=bool)
    for one, other in ((first, second), (second, first)):
        beaten[other[beats(loss[one], cost[one], loss[other], cost[other])]] = True
    count = int(on_front.sum())
    parts = _parts(on_front, first, second)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        chosen = np.zeros(surface.size, dtype=bool)
        chosen[rng.choice(surface.size, size=count, replace=False)] = True
        drawn.append(_parts(chosen, first, second).max() / count)
    return Front(
        configuration_count=surface.size,
        front_count=count,
        local_count=int(np.count_nonzero(~beaten)),
        local_front_share=float(on_front[~beaten].mean()),
        component_count=int(parts.size),
        largest_share=float(parts.max() / count),
        chance_largest_share=float(np.mean(drawn)),
    )


def beats(loss: Floats, cost: Floats, other_loss: Floats, other_cost: Floats) -> NDArray[np.bool_]:
    """Return where the one is no worse in both and better in one."""
    found: NDArray[np.bool_] = (loss <= other_loss) & (cost <= other_cost) & ((loss < other_loss) | (cost < other_cost))
    return found


def pareto(loss: Floats, cost: Floats) -> NDArray[np.bool_]:
    """Return which configurations none beats; those that are equal in both stand together."""
    order = np.lexsort((cost, loss))
    ordered_loss, ordered_cost = loss[order], cost[order]
    # Of those with a smaller loss the lowest cost, and of those with the same loss the lowest.
    lowest = np.minimum.accumulate(ordered_cost)
    starts = np.flatnonzero(np.concatenate(([True], ordered_loss[1:] != ordered_loss[:-1])))
    of_group = np.repeat(np.arange(starts.size), np.diff(np.append(starts, loss.size)))
    before = np.concatenate(([np.inf], lowest[starts[1:] - 1]))[of_group]
    keep = (ordered_cost == ordered_cost[starts][of_group]) & (ordered_cost < before)
    found = np.zeros(loss.size, dtype=bool)
    found[order[keep]] = True
    return found


def _parts(chosen: NDArray[np.bool_], first: NDArray, second: NDArray) -> NDArray[np.int64]:
    """Return the sizes of the connected parts of some nodes."""
    inside = chosen[first] & chosen[second]
    roots = connected_roots(first[inside], second[inside], chosen.size)[chosen]
    sizes: NDArray[np.int64] = np.unique(roots, return_counts=True)[1]
    return sizes
