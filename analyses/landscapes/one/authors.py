"""Two numbers as the authors of arXiv 2311.14014 compute them, beside those of `structure` and `correlation`.

Their first public code makes a directed graph of improving moves only (ties are no edges) and asks for its
assortativity on raw losses; the walk's autocorrelation is the median over short walks, each about its own mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.edges import DENSE_OCCUPANCY, neighbour_pairs
from hpowh.analyses.landscapes.grid.graph import EdgeGraph, Graph
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.values import Metric, metric

MAX_PAIRS = 3_000_000
"""Grids with more pairs of neighbours get neither number: both are for comparison with published ones."""
WALKS, STEPS = 1000, 20
"""Walks and nodes of each, as in their code."""
NO_IMPROVEMENT = "no neighbours differ in their loss, or all improving moves begin or end at one loss"


def authors_metrics(surface: Surface, graph: Graph, *, seed: int) -> list[Metric]:
    """Return `l_ast_authors` and `rho_a_authors`."""
    if int(graph.degree.sum(dtype=np.int64)) > 2 * MAX_PAIRS:
        large = f"there are more than {MAX_PAIRS:,} pairs of neighbours"
        return [Metric(name=name, value=None, reason=large) for name in ("l_ast_authors", "rho_a_authors")]
    walks = short_walks(graph, surface.loss, seed=seed) if isinstance(graph, EdgeGraph) else None
    why = "all walks are constant" if isinstance(graph, EdgeGraph) else "walks are sampled where edges are listed"
    return [
        metric("l_ast_authors", directed_assortativity(surface), NO_IMPROVEMENT),
        metric("rho_a_authors", walks, why),
    ]


def directed_assortativity(surface: Surface) -> float | None:
    """Return Pearson's correlation of the losses at the two ends of all improving moves, ties left out.

    As networkx's numeric_assortativity_coefficient of the directed graph of improving moves; None where undefined.
    """
    wide = max(abs(surface.ordered[0]), abs(surface.ordered[-1])) or 1.0
    middle = float(np.median(surface.loss))
    sums = np.zeros(6)
    for first, second in _pairs(surface):
        better, worse = np.minimum(first, second), np.maximum(first, second)
        moves = worse > better  # neither ties nor holes, which compare as nothing
        x, y = ((end[moves] - middle) / wide for end in (worse, better))
        sums += (x.size, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum())
    count, at_worse, at_better, xx, yy, xy = (float(one) for one in sums)
    if count < 2:
        return None
    spread = (xx - at_worse**2 / count) * (yy - at_better**2 / count)
    return (
        float(np.clip((xy - at_worse * at_better / count) / np.sqrt(spread), -1, 1))
        if spread > 1e-24 * (xx * yy or 1.0)
        else None
    )


def _pairs(surface: Surface) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the losses of neighbours, as two arrays for each shift of the grid; NaN where there is a hole."""
    space = surface.space
    if surface.occupancy < DENSE_OCCUPANCY:
        first, second, _ = neighbour_pairs(space, surface.ranks)
        return [(surface.loss[first], surface.loss[second])]
    grid = surface.dense()
    found = []
    for size, stride, flag in zip(space.shape, space.strides, space.ordinal, strict=True):
        block = grid.reshape(-1, size, stride)
        for distance in range(1, min(2, size) if flag else size):
            found.append((block[:, :-distance], block[:, distance:]))
    return found


def short_walks(graph: EdgeGraph, values: NDArray[np.float64], *, seed: int) -> float | None:
    """Return the median lag-1 autocorrelation of short random walks from uniform starts, each about its own mean.

    A walk of n nodes about its own mean is biased downwards by about 1 / n. Constant walks have none.
    """
    linked = np.flatnonzero(graph.degree)
    if not linked.size:
        return None
    rng = np.random.default_rng(seed)
    starts = np.cumsum(graph.degree, dtype=np.int64) - graph.degree
    nodes = rng.choice(linked, WALKS)
    path = np.empty((STEPS, WALKS))
    for step in range(STEPS):
        path[step] = values[nodes]
        nodes = graph.target[starts[nodes] + (rng.random(WALKS) * graph.degree[nodes]).astype(np.int64)]
    centred = path - path.mean(axis=0)
    centred /= np.abs(centred).max() or 1.0
    variance = (centred**2).sum(axis=0)
    moved = (path.max(axis=0) > path.min(axis=0)) & (variance > 0)
    if not moved.any():
        return None
    return float(np.median((centred[1:] * centred[:-1]).sum(axis=0)[moved] / variance[moved]))
