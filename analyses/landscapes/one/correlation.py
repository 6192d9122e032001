"""Correlation along edges and along random walks: exact, and sampled as a cross-check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.graph import EdgeGraph, Graph
from hpowh.analyses.landscapes.values import dot, is_constant


def autocorrelation(graph: Graph, values: NDArray[np.float64], lags: Sequence[int]) -> list[float | None]:
    """Return the autocorrelation of the stationary random walk at each lag, exactly.

    The simple random walk visits a node in proportion to its degree and is reversible, so that with the transition
    matrix P and the centred values f the covariance at lag a + b is <P^a f, P^b f> weighted by degree (Weinberger 1990
    defines the walk's autocorrelation; here no walk is sampled). Lag 1 is the correlation over directed edges: the
    assortativity of the values. Ties are edges. None where nothing varies over the nodes that have neighbours.

    Args:
        values: one per node.
        lags: positive integers.
    """
    linked = graph.degree > 0
    reached = values if linked.all() else values[linked]
    if is_constant(reached):
        return [None] * len(lags)
    everyone = float(graph.degree.sum(dtype=np.int64))
    current = values - dot(graph.degree, values) / everyone
    # Scaled first: losses of diverged runs would overflow when squared.
    current /= float(np.abs(current if linked.all() else current[linked]).max())
    current[~linked] = 0.0
    squares, products = graph.walk(current, max(lags) // 2 + 1)
    return [(products if lag % 2 else squares)[lag // 2] / squares[0] for lag in lags]


def edge_correlation(graph: Graph, values: NDArray[np.float64]) -> float | None:
    """Return the Pearson correlation of the values over directed edges (assortativity, Newman 2003)."""
    return autocorrelation(graph, values, [1])[0]


def sampled_autocorrelation(
    graph: EdgeGraph, values: NDArray[np.float64], lags: Sequence[int], *, seed: int, walks: int = 400, steps: int = 200
) -> list[tuple[float, float] | None]:
    """Return (estimate, standard error) at each lag from random walks that start in the stationary distribution.

    The error is that between walks; each walk is centred and scaled by the stationary mean and variance.
    """
    linked = graph.degree > 0
    if not np.any(linked) or is_constant(values[linked]):
        return [None] * len(lags)
    rng = np.random.default_rng(seed)
    degree = graph.degree.astype(np.float64)
    total = degree.sum()
    mean = dot(degree, values) / total
    variance = dot(degree, (values - mean) ** 2) / total
    starts = np.cumsum(graph.degree, dtype=np.int64) - graph.degree
    nodes = graph.source[rng.integers(0, graph.source.size, walks)]
    path = np.empty((steps + max(lags), walks))
    for step in range(path.shape[0]):
        path[step] = values[nodes]
        choice = (rng.random(walks) * graph.degree[nodes]).astype(np.int64)
        nodes = graph.target[starts[nodes] + choice]
    path -= mean
    found: list[tuple[float, float] | None] = []
    for lag in lags:
        each = (path[:steps] * path[lag : lag + steps]).mean(axis=0) / variance
        found.append((float(each.mean()), float(each.std(ddof=1) / np.sqrt(walks))))
    return found
