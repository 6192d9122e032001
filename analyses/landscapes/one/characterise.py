"""One landscape from its losses to all its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.engines import graph_of
from hpowh.analyses.landscapes.grid.epsilon import Epsilon, choose_epsilon
from hpowh.analyses.landscapes.grid.graph import EdgeGraph, Graph
from hpowh.analyses.landscapes.grid.own import EmptyLevel, own_levels
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.alone import alone_metrics
from hpowh.analyses.landscapes.one.authors import authors_metrics
from hpowh.analyses.landscapes.one.correlation import autocorrelation, sampled_autocorrelation
from hpowh.analyses.landscapes.one.distribution import PROBABILITIES, distribution_metrics, quantiles
from hpowh.analyses.landscapes.one.identities import in_whole_space
from hpowh.analyses.landscapes.one.importance import measure_importance
from hpowh.analyses.landscapes.one.lon import Roles, build_network, describe_roles, network_metrics, no_network
from hpowh.analyses.landscapes.one.neutrality import neutrality_table
from hpowh.analyses.landscapes.one.nodes import Nodes, describe_nodes, node_columns
from hpowh.analyses.landscapes.one.persistence import depth_metrics, depths
from hpowh.analyses.landscapes.one.shares import shares_by_distance
from hpowh.analyses.landscapes.one.structure import distance_metrics, optimum_metrics, pair_metrics
from hpowh.analyses.landscapes.partial.completed import (
    CHECKS,
    IMPUTATIONS,
    can_be_completed,
    completed_tables,
    completion_sentence,
    thinned,
)
from hpowh.analyses.landscapes.partial.completing import Known, completions
from hpowh.analyses.landscapes.partial.incomplete import STRUCTURE_COVERAGE, qualify, walk_reason
from hpowh.analyses.landscapes.partial.sampled import Portrait, estimated, thin_portrait, with_totals
from hpowh.analyses.landscapes.partial.scattered import scatter_metrics
from hpowh.analyses.landscapes.values import EQUAL, NO_PAIRS, Metric, metric
from hpowh.analyses.wording import percent

Columns = Mapping[str, Any]
"""One table: an array or list for each column."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is computed, and by which conventions."""

    is_bounded: bool = False
    """Whether the metric lies in [0, 1] (decides the default neutrality threshold)."""
    epsilon: str | float | None = None
    """Neutrality threshold, by default chosen by `choose_epsilon`."""
    default: int | None = None
    """Rank of the default configuration in the tunability game."""
    lags: int = 10
    """Autocorrelation is computed for lags 1 to this."""
    has_network: bool = True
    """Whether the local optima networks are built."""
    has_importance: bool = True
    """Whether importances, interactions, games, and what distances tell of a thin sample are computed."""
    has_check: bool = True
    """Whether sampled walks stand beside the exact autocorrelation, as a check of it."""
    seed: int = 0
    """Of sampled walks, bootstrap and surrogate."""
    engine: str = "auto"
    threads: int | None = None


@dataclass
class Characterisation:
    """All tables of one landscape, by their names in schema `result`, and sentences that belong beside them."""

    epsilon: Epsilon
    engine: str
    tables: dict[str, Columns] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    empty: tuple[EmptyLevel, ...] = ()
    """Levels without a value, which take no part."""

    def value(self, name: str) -> float | None:
        """Return one scalar metric.

        Raises:
            KeyError: there is no metric of that name.
        """
        table = self.tables["landscape_metric"]
        try:
            return table["value"][list(table["name"]).index(name)]
        except ValueError:
            raise KeyError(name) from None


def characterise(surface: Surface, options: Options = Options()) -> Characterisation:
    """Return every table and metric of one landscape.

    Levels without a value take no part (`empty` has them). Where some configurations are missing and enough are there,
    metrics and importances are means over completions (`completing`), each with the interval between them; nodes,
    optima and networks are those of what was evaluated. In a conditional space importances are those of the whole grid,
    in which what is inactive changes nothing.

    Raises:
        LandscapeError: a bad threshold, or a landscape too large for either engine.
    """
    own = own_levels(surface)
    if own is not None:
        default = None if options.default is None else own.inner(options.default)
        found = characterise(own.surface, replace(options, default=default))
        return replace(found, tables=in_whole_space(found.tables, own), empty=own.empty)
    if not can_be_completed(surface):
        return _describe(surface, options)
    seen = _describe(surface, replace(options, has_importance=False, has_check=False), is_estimate=False)
    given = replace(options, epsilon=seen.epsilon.value, has_check=False)
    known = Known()
    drawn = completions(surface, IMPUTATIONS, seed=options.seed, is_bounded=options.is_bounded, known=known)
    # Walks and starts that are sampled are others in each: the interval has their chance in it, too.
    completed = [_describe(one, replace(given, seed=options.seed + at)).tables for at, one in enumerate(drawn)]
    thinner, times = thinned(surface, seed=options.seed)
    more = completions(thinner, CHECKS, seed=options.seed, is_bounded=options.is_bounded, known=known)
    checks = [
        _describe(one, replace(given, seed=options.seed + IMPUTATIONS + at)).tables for at, one in enumerate(more)
    ]
    tables = completed_tables(surface, seen.tables, completed, checks, times)
    return replace(seen, tables=tables, warnings=[completion_sentence(surface), *seen.warnings])


def _describe(surface: Surface, options: Options, *, is_estimate: bool = True) -> Characterisation:
    """Return every table and metric of the configurations that are there.

    Args:
        is_estimate: whether they stand for those that are missing, so that intervals and reasons are wanted.
    """
    epsilon = choose_epsilon(surface, is_bounded=options.is_bounded, given=options.epsilon)
    graph = graph_of(surface, engine=options.engine, threads=options.threads)
    nodes = describe_nodes(surface, graph, epsilon.value)
    result = Characterisation(epsilon, graph.name)
    walk = _autocorrelation_table(surface, graph, options)
    neighbours = walk["rank_exact"][0], walk["loss_exact"][0]
    shares = shares_by_distance(nodes)
    depth = depths(surface, nodes.basins, int(nodes.degree.sum(dtype=np.int64)) // 2)
    metrics = [
        metric("n_configurations", float(surface.size)),
        metric("coverage", surface.coverage),
        *distribution_metrics(surface),
        *pair_metrics(surface, graph, nodes, shares, *neighbours),
        *distance_metrics(surface, nodes, shares),
        *optimum_metrics(surface, nodes),
        *authors_metrics(surface, graph, seed=options.seed),
        *depth_metrics(depth, epsilon.value),
    ]
    pairs = None
    if not surface.is_whole and is_estimate:
        metrics = qualify(surface, nodes, metrics, seed=options.seed, epsilon=epsilon.value)
        pairs = thin_portrait(surface, epsilon.value, seed=options.seed)
        metrics = estimated(metrics, pairs)
        if surface.coverage < STRUCTURE_COVERAGE and options.has_importance:
            metrics += scatter_metrics(surface, seed=options.seed)
        result.warnings.append(_incomplete_warning(surface))
    if surface.dropped:
        result.warnings.append(f"{surface.dropped:,} configurations have no finite loss and are holes.")
    if surface.units:
        result.warnings += surface.units.sentences()
    result.tables["landscape_node"] = node_columns(surface, nodes)
    result.tables["landscape_plateau"] = _plateau_table(surface, nodes)
    result.tables["landscape_quantile"] = {"probability": list(PROBABILITIES), "loss": quantiles(surface)}
    result.tables["landscape_neutrality"] = neutrality_table(surface, graph, nodes, epsilon)
    result.tables["landscape_autocorrelation"] = _qualified(walk, surface, nodes, pairs)
    roles = _add_networks(surface, nodes, options, metrics, result)
    result.tables["landscape_optimum"] = _optimum_table(surface, nodes, roles, depth)
    if options.has_importance:
        over = surface.expanded() if surface.space.conditions and surface.is_whole else surface
        importance = measure_importance(over, default=options.default, seed=options.seed, threads=options.threads)
        metrics += alone_metrics(over, epsilon.value, seed=options.seed)
        metrics += importance.metrics if pairs is None else estimated(importance.metrics, pairs)
        rows = importance.hyperparameters
        if over is not surface:
            rows = [{**row, "method": f"{row['method']}, in which what is inactive changes nothing"} for row in rows]
        result.tables["landscape_importance"] = _columns(rows if pairs is None else with_totals(rows, surface, pairs))
        result.tables["landscape_interaction"] = _columns(importance.pairs)
    result.tables["landscape_metric"] = _metric_table(metrics)
    return result


def _incomplete_warning(surface: Surface) -> str:
    cells = surface.space.configuration_count
    return (
        f"{cells - surface.size:,} of {cells:,} configurations ({percent(1 - surface.coverage, 2)}) were not "
        "evaluated: "
        f"nothing is imputed; {_STRUCTURE_SAID[surface.coverage >= STRUCTURE_COVERAGE]}."
    )


_STRUCTURE_SAID = {
    True: "counts of optima and basins describe the evaluated configurations only",
    False: "nothing is said about optima, basins and paths",
}


def _metric_table(metrics: list[Metric]) -> Columns:
    names = ("name", "value", "reason", "lower", "upper", "pair_count")
    return {name: [getattr(one, name) for one in metrics] for name in names}


def _columns(rows: list[dict[str, Any]]) -> Columns:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def _plateau_table(surface: Surface, nodes: Nodes) -> Columns:
    """Return plateaus of two and more members; an exit is a member with an improving neighbour."""
    basins = nodes.basins
    tied = np.flatnonzero(nodes.scan.tied)
    roots, position, sizes = np.unique(basins.plateau[tied], return_inverse=True, return_counts=True)
    exits = np.bincount(position[nodes.scan.improving[tied] > 0], minlength=roots.size)
    return {
        "plateau_id": surface.ranks_of(roots),
        "loss": surface.loss[roots],
        "member_count": sizes,
        "exit_count": exits,
        "is_local_optimum": basins.is_optimum[roots],
    }


def _autocorrelation_table(surface: Surface, graph: Graph, options: Options) -> dict[str, Any]:
    """Return the walk's autocorrelation by lag, raw and by ranks, exact; by ranks also sampled with listed edges."""
    lags = list(range(1, options.lags + 1))
    by_rank = autocorrelation(graph, surface.average_rank, lags)
    reason = None if by_rank[0] is not None else (EQUAL if np.any(graph.degree) else NO_PAIRS)
    sampled: list[tuple[float, float] | None] = [None] * len(lags)
    if isinstance(graph, EdgeGraph) and options.has_check:
        sampled = sampled_autocorrelation(graph, surface.average_rank, lags, seed=options.seed)
    return {
        "lag": lags,
        "loss_exact": autocorrelation(graph, surface.loss, lags),
        "rank_exact": by_rank,
        "rank_sampled": [one and one[0] for one in sampled],
        "rank_sampled_error": [one and one[1] for one in sampled],
        "reason": [reason] * len(lags),
    }


def _qualified(walk: dict[str, Any], surface: Surface, nodes: Nodes, pairs: Portrait | None) -> Columns:
    """Return the walk's table with NULLs and the reason where a sample says nothing about it.

    The first step of a walk on a thin sample is what its pairs tell.
    """
    first, further = walk_reason(surface, int(nodes.degree.sum(dtype=np.int64)) // 2)
    why = [first if lag == 1 else further for lag in walk["lag"]]
    table = {
        name: [None if reason else value for value, reason in zip(walk[name], why, strict=True)]
        for name in ("loss_exact", "rank_exact", "rank_sampled", "rank_sampled_error")
    }
    if pairs is not None:
        for name in ("loss", "rank"):
            known = pairs.metrics.get(f"assortativity_{name}")
            if known is not None:
                table[f"{name}_exact"][0] = known.value
    return {"lag": walk["lag"], **table, "reason": [a or b for a, b in zip(why, walk["reason"], strict=True)]}


def _add_networks(
    surface: Surface, nodes: Nodes, options: Options, metrics: list[Metric], result: Characterisation
) -> Roles | None:
    """Build the networks by one- and two-step perturbation; return each optimum's roles in the second."""
    if not options.has_network:
        return None
    if surface.coverage < STRUCTURE_COVERAGE:
        why = (
            f"{percent(surface.coverage, 2)} of the configurations were evaluated; networks need "
            f"{percent(STRUCTURE_COVERAGE)}"
        )
        metrics += [*no_network(1, why), *no_network(2, why)]
        return None
    ranks, depth = surface.ranks[nodes.basins.optima], surface.loss[nodes.basins.optima]
    roles, tables = None, []
    for step in (1, 2):
        try:
            network = build_network(surface, nodes.basins, step)
        except TooLargeError as error:
            metrics += no_network(step, error.message)
            continue
        roles = describe_roles(network, depth)
        metrics += network_metrics(network, roles, depth)
        tables.append(
            {
                "perturbation": np.full(network.source.size, step),
                "from_id": ranks[network.source],
                "to_id": ranks[network.target],
                "escape_count": network.count,
                "probability": network.probability,
            }
        )
    if tables:
        result.tables["landscape_lon_edge"] = {
            name: np.concatenate([table[name] for table in tables]) for name in tables[0]
        }
    return roles


def _optimum_table(
    surface: Surface, nodes: Nodes, roles: Roles | None, persistence: NDArray[np.float64] | None
) -> Columns:
    basins = nodes.basins
    depth = surface.loss[basins.optima]
    table: dict[str, Any] = {
        "configuration_id": surface.ranks[basins.optima],
        "loss": depth,
        "member_count": basins.members,
        "basin_size": basins.sizes,
        "optimum_distance": nodes.distance[basins.optima],
        "is_global": depth == surface.ordered[0],
    }
    if persistence is not None:
        table["persistence"] = np.where(np.isfinite(persistence), persistence, np.nan)
    if roles is not None:
        table |= {
            "page_rank": roles.page_rank,
            "strength_in": roles.strength_in,
            "strength_out": roles.strength_out,
            "path_length": roles.path_length,
            "funnel_id": surface.ranks[basins.optima[roles.funnel]],
        }
    return table
