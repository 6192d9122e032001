"""Places for the nodes of a drawn network, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

ITERATIONS = 500


def force_layout(
    size: int, edges: Sequence[tuple[int, int]], weights: Sequence[float], *, seed: int = 0
) -> list[tuple[float, float]]:
    """Return a place for each node: joined nodes near one another, all others apart.

    Args:
        size: number of nodes, 0 to size - 1.
        edges: pairs of nodes.
        weights: positive; the heavier an edge the nearer its ends.

    Returns:
        Coordinates in about [-1, 1] (Fruchterman and Reingold 1991, as igraph computes it).
    """
    import igraph

    if size <= 1:
        return [(0.0, 0.0)] * size
    draw = random.Random(seed)
    start = [[draw.uniform(-1.0, 1.0), draw.uniform(-1.0, 1.0)] for _ in range(size)]
    graph = igraph.Graph(n=size, edges=list(edges))
    # igraph draws from Python's generator; a generator of our own makes the drawing repeatable.
    igraph.set_random_number_generator(draw)
    try:
        places = graph.layout_fruchterman_reingold(weights=list(weights), seed=start, niter=ITERATIONS, grid=False)
    finally:
        igraph.set_random_number_generator(random)
    extent = max((abs(value) for place in places for value in place), default=1.0) or 1.0
    return [(x / extent, y / extent) for x, y in places]
