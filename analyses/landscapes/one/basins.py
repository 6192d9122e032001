"""Plateaus, local optima and basins of attraction: where steepest descent leads from each configuration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.graph import Graph, Scan
from hpowh.analyses.landscapes.grid.surface import Surface


@dataclass(frozen=True, kw_only=True)
class Basins:
    """Plateaus and basins; node ids are positions in the surface's ranks, a plateau is known by its smallest id."""

    plateau: NDArray[np.int32]
    """Each node's plateau; the node itself where it has no tied neighbour."""
    is_optimum: NDArray[np.bool_]
    """Whether the node belongs to a local optimum: a plateau or single configuration without an improving exit."""
    basin: NDArray[np.int32]
    """The optimum (its smallest id) in which steepest descent from the node ends."""
    steps: NDArray[np.int32]
    """Improving moves on that descent; moving within a plateau costs none."""
    optima: NDArray[np.int64]
    """All local optima, a plateau once, by ascending id."""
    members: NDArray[np.int64]
    """Number of configurations of each optimum."""
    sizes: NDArray[np.int64]
    """Number of configurations in each optimum's basin, its members included; they add up to all configurations."""


def find_basins(surface: Surface, graph: Graph, scan: Scan) -> Basins:
    """Follow steepest descent from every configuration at once.

    A node with an improving neighbour moves to the best one (equal ones: the smaller rank). A node without one that
    lies on a plateau with an exit moves through the plateau's best exit (the lowest target, then the smaller rank).
    """
    n = surface.size
    itself = np.arange(n, dtype=np.int32)
    improves = scan.improving > 0
    pointer = scan.best.copy()
    if np.any(scan.tied):
        plateau = graph.plateau_roots(surface, scan.tied)
        has_exit = np.zeros(n, dtype=np.bool_)
        has_exit[plateau[improves]] = True
        is_optimum = ~has_exit[plateau]
        stuck = np.flatnonzero(~improves)
        leaving = stuck[~is_optimum[stuck]]
        pointer[stuck] = plateau[stuck]
        pointer[leaving] = _best_exits(surface, scan, plateau, improves, plateau[leaving])
    else:
        plateau, is_optimum = itself, ~improves
    steps = (pointer != itself).astype(np.int32)
    steps[is_optimum] = 0
    graph.follow(pointer, steps)
    optima = np.flatnonzero(is_optimum & (plateau == itself))
    members = np.bincount(plateau[is_optimum], minlength=n)[optima]
    sizes = np.bincount(pointer, minlength=n)[optima]
    return Basins(
        plateau=plateau, is_optimum=is_optimum, basin=pointer, steps=steps, optima=optima, members=members, sizes=sizes
    )


def _best_exits(
    surface: Surface,
    scan: Scan,
    plateau: NDArray[np.int32],
    improves: NDArray[np.bool_],
    of: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Return for each of the plateaus `of` the best node that one of its members can improve to."""
    best = np.full(surface.size, surface.size - 1, dtype=np.int32)
    on_plateau = np.flatnonzero(improves & (scan.tied > 0))
    np.minimum.at(best, plateau[on_plateau], surface.place[scan.best[on_plateau]])
    return surface.order[best[of]]
