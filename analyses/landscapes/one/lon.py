"""The local optima network (LON): nodes are local optima, weighted edges are escapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.basins import Basins
from hpowh.analyses.landscapes.one.perturbation import escapes
from hpowh.analyses.landscapes.values import Metric, metric

if TYPE_CHECKING:
    import igraph

SINGLE = "there is only one local optimum"


@dataclass(frozen=True, kw_only=True)
class Network:
    """Escape edges between local optima; optima are positions in `Basins.optima`, self-escapes are left out."""

    perturbation: int
    size: int
    """Number of optima."""
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    count: NDArray[np.int64]
    """Perturbed configurations of `source` from which descent ends in `target`."""
    probability: NDArray[np.float64]
    """The count as a share of all perturbations of `source`, those that fall back included."""
    stay: NDArray[np.float64]
    """Each optimum's share of perturbations from which descent falls back to it; 1 where it has none."""


def build_network(surface: Surface, basins: Basins, perturbation: int) -> Network:
    """Return the LON by escape edges (Verel, Daolio, Ochoa and Tomassini 2012).

    Every change of `perturbation` (1 or 2) different hyperparameters of every member of an optimum, each by one
    neighbour move, is followed by steepest descent: all of them, none sampled.

    Raises:
        TooLargeError: there are too many escapes to list.
    """
    n = basins.optima.size
    position = np.full(surface.size, -1, dtype=np.int64)
    position[basins.optima] = np.arange(n)
    members = np.flatnonzero(basins.is_optimum)
    owner = position[basins.plateau[members]]
    start, reached = escapes(surface, members, perturbation)
    # Moving within the optimum's own plateau is no escape and no failure to escape.
    outside = basins.plateau[reached] != basins.plateau[members[start]]
    source, target = owner[start[outside]], position[basins.basin[reached[outside]]]
    pairs, counts = np.unique(source * n + target, return_counts=True)
    source, target = pairs // n, pairs % n
    tries = np.bincount(source, weights=counts, minlength=n)
    probability = counts / tries[source]
    own = source == target
    stay = np.ones(n)
    stay[np.unique(source)] = 0.0
    stay[source[own]] = probability[own]
    away = ~own
    return Network(
        perturbation=perturbation,
        size=n,
        source=source[away],
        target=target[away],
        count=counts[away],
        probability=probability[away],
        stay=stay,
    )


@dataclass(frozen=True)
class Roles:
    """What the network says about each optimum (arrays by its position)."""

    page_rank: NDArray[np.float64]
    strength_in: NDArray[np.float64]
    strength_out: NDArray[np.float64]
    path_length: NDArray[np.float64]
    """Length of the shortest path to a global optimum, an edge being 1 / probability long; NaN where there is none."""
    funnel: NDArray[np.int64]
    """The optimum in which always following the likeliest improving edge ends."""


def as_graph(network: Network) -> igraph.Graph:
    """Return the network as a directed igraph graph with edge attributes `probability` and `length`."""
    import igraph

    graph = igraph.Graph(n=network.size, directed=True)
    graph.add_edges(np.column_stack((network.source, network.target)))
    graph.es["probability"] = network.probability
    graph.es["length"] = 1.0 / network.probability
    return graph


def describe_roles(network: Network, depth: NDArray[np.float64]) -> Roles:
    """Return each optimum's PageRank, strengths, path to the global optimum, and funnel.

    Args:
        depth: loss of each optimum.
    """
    graph = as_graph(network)
    best = np.flatnonzero(depth == depth.min())
    lengths = np.array(graph.distances(target=None, source=best, weights="length", mode="in"), dtype=np.float64)
    nearest = lengths.min(axis=0)
    nearest[~np.isfinite(nearest)] = np.nan
    weights = network.probability
    return Roles(
        page_rank=np.array(graph.pagerank(weights="probability", directed=True)),
        strength_in=np.bincount(network.target, weights=weights, minlength=network.size).astype(float),
        strength_out=np.bincount(network.source, weights=weights, minlength=network.size).astype(float),
        path_length=nearest,
        funnel=_funnels(network, depth),
    )


def _funnels(network: Network, depth: NDArray[np.float64]) -> NDArray[np.int64]:
    """Follow from each optimum its likeliest strictly improving edge to the end (the monotonic LON's sinks)."""
    pointer = np.arange(network.size)
    down = np.flatnonzero(depth[network.target] < depth[network.source])
    source, target = network.source[down], network.target[down]
    # Equal probabilities are resolved by the better target, then by the smaller position.
    order = np.lexsort((target, depth[target], -network.probability[down], source))
    first, index = np.unique(source[order], return_index=True)
    pointer[first] = target[order][index]
    while not np.array_equal(pointer[pointer], pointer):
        pointer = pointer[pointer]
    return pointer


NETWORK_NAMES = (
    "nodes", "edges", "density", "escape_strength", "clustering", "path_length", "reach_global", "n_funnels",
    "funnel_global", "improving_edges",
)  # fmt: skip


def network_metrics(network: Network, roles: Roles, depth: NDArray[np.float64]) -> list[Metric]:
    """Return the network's size, density, strength, clustering, paths and funnels, named `lon_<perturbation>_…`."""
    prefix = f"lon_{network.perturbation}_"
    n, edges = network.size, network.source.size
    is_best = depth == depth.min()
    metrics = [metric(prefix + "nodes", float(n)), metric(prefix + "edges", float(edges))]
    names = NETWORK_NAMES[2:-1]
    if n == 1:
        return metrics + [Metric(name=prefix + name, value=None, reason=SINGLE) for name in (*names, NETWORK_NAMES[-1])]
    paths = roles.path_length[~is_best]
    reaching = np.isfinite(paths)
    clustering = as_graph(network).as_undirected().transitivity_avglocal_undirected(mode="nan") if edges else None
    improving = int(np.count_nonzero(depth[network.target] < depth[network.source]))
    values = (
        (edges / (n * (n - 1)), ""),
        (float(1.0 - network.stay.mean()), ""),
        (clustering, "no optimum has two neighbours in the network"),
        (float(paths[reaching].mean()) if np.any(reaching) else None, "no other optimum has a path to a global one"),
        (float(reaching.mean()) if paths.size else None, "all optima are global"),
        (float(np.unique(roles.funnel).size), ""),
        (float(is_best[roles.funnel].mean()), ""),
    )
    metrics += [metric(prefix + name, value, why) for name, (value, why) in zip(names, values, strict=True)]
    metrics.append(metric(prefix + NETWORK_NAMES[-1], float(improving)))
    return metrics


def no_network(step: int, why: str) -> list[Metric]:
    """Return all of a network's metrics as NULL with the reason."""
    return [Metric(name=f"lon_{step}_{name}", value=None, reason=why) for name in NETWORK_NAMES]
