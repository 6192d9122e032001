"""Everything that is known of each configuration: one pass, plateaus, basins, distances, monotone paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.basins import Basins, find_basins
from hpowh.analyses.landscapes.distance import optimum_distance
from hpowh.analyses.landscapes.graph import Graph, Scan
from hpowh.analyses.landscapes.surface import Surface


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
    return Nodes(
        degree=graph.degree,
        scan=scan,
        basins=find_basins(surface, graph, scan),
        distance=optimum_distance(surface),
        is_monotone=graph.reachable(surface),
    )


def node_columns(surface: Surface, nodes: Nodes) -> dict[str, NDArray]:
    """Return the node columns under their names in `result.landscape_node`, node ids turned into ranks."""
    ranks, scan, basins = surface.ranks, nodes.scan, nodes.basins
    return {
        "configuration_id": ranks,
        "loss": surface.loss,
        "degree": nodes.degree,
        "improving_count": scan.improving,
        "neutral_count": scan.neutral,
        "tied_count": scan.tied,
        "best_neighbour_id": np.ma.masked_array(ranks[scan.best], scan.improving == 0),
        "plateau_id": ranks[basins.plateau],
        "is_local_optimum": basins.is_optimum,
        "basin_id": ranks[basins.basin],
        "step_count": basins.steps,
        "optimum_distance": nodes.distance,
        "is_monotone": nodes.is_monotone,
    }
