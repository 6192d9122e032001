"""Everything that is known of each configuration: one pass, plateaus, basins, distances, monotone paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.graph import Graph, Scan
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.basins import Basins, find_basins
from hpowh.analyses.landscapes.one.distance import optimum_distance


@dataclass(frozen=True)
class Nodes:
    """The node columns of a landscape; arrays by node id (position in the surface's ranks)."""

    degree: NDArray[np.int32]
    scan: Scan
    basins: Basins
    distance: NDArray[np.int32]
    is_monotone: NDArray[np.bool_]

    @property
    def neutrality(self) -> NDArray[np.float64]:
        """Each configuration's share of neutral neighbours; 0 where it has no neighbour (its weight is then 0 too)."""
        return self.scan.neutral / np.maximum(self.degree, 1)


def describe_nodes(surface: Surface, graph: Graph, epsilon: float) -> Nodes:
    """Return all node columns of a landscape.

    Args:
        epsilon: threshold of neutrality.
    """
    scan = graph.scan(surface, epsilon)
    basins = find_basins(surface, graph, scan)
    # Descent from the basin of a global optimum never worsens; the search goes on from there.
    is_global = np.zeros(surface.size, dtype=np.bool_)
    is_global[basins.plateau[surface.optima]] = True
    return Nodes(
        degree=graph.degree,
        scan=scan,
        basins=basins,
        distance=optimum_distance(surface),
        is_monotone=graph.reachable(surface, is_global[basins.basin]),
    )


def node_columns(surface: Surface, nodes: Nodes) -> dict[str, NDArray]:
    """Return the node columns under their names in `result.landscape_node`, node ids turned into ranks."""
    scan, basins, ranks_of = nodes.scan, nodes.basins, surface.ranks_of
    return {
        "configuration_id": surface.ranks,
        "loss": surface.loss,
        "degree": nodes.degree,
        "improving_count": scan.improving,
        "neutral_count": scan.neutral,
        "tied_count": scan.tied,
        "best_neighbour_id": np.ma.masked_array(ranks_of(scan.best), scan.improving == 0),
        "plateau_id": ranks_of(basins.plateau),
        "is_local_optimum": basins.is_optimum,
        "basin_id": ranks_of(basins.basin),
        "step_count": basins.steps,
        "optimum_distance": nodes.distance,
        "is_monotone": nodes.is_monotone,
    }
