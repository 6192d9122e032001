"""The neighbourhood graph of a landscape: one interface, two engines that give the same numbers.

`EdgeGraph` lists the edges and works with NumPy alone: the quickest for small landscapes and the only one for sparse
ones. `DenseGraph` (see `dense`) never lists an edge and is compiled: for large grids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.values import dot


@dataclass(frozen=True)
class Scan:
    """What one pass over all neighbour pairs says about each configuration (arrays by node id)."""

    best: NDArray[np.int32]
    """The neighbour with the lowest loss, equal ones by the smaller rank; the node itself where none improves."""
    improving: NDArray[np.int32]
    """Number of neighbours with a strictly lower loss."""
    neutral: NDArray[np.int32]
    """Number of neighbours with |difference| <= epsilon, ties included."""
    tied: NDArray[np.int32]
    """Number of neighbours with exactly the same loss."""
    slope: NDArray[np.float64]
    """Sum over neighbours of |difference|."""


class Graph(Protocol):
    """What both engines offer; node ids are positions in the surface's sorted ranks."""

    name: str
    degree: NDArray[np.int32]

    def scan(self, surface: Surface, epsilon: float) -> Scan:
        """Compare every configuration with its neighbours."""

    def neutral(self, surface: Surface, threshold: float) -> NDArray[np.int32]:
        """Return for each node the number of neighbours with |difference| <= threshold."""

    def neighbour_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each node the sum of its neighbours' values."""

    def walk(self, values: NDArray[np.float64], steps: int) -> tuple[list[float], list[float]]:
        """Return <P^h x, P^h x> and <P^h x, P^(h+1) x> weighted by degree, for h below `steps`.

        P is the transition matrix of the simple random walk, x the values.
        """

    def plateau_roots(self, surface: Surface, tied: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties.

        Args:
            tied: how many tied neighbours each node has.
        """

    def follow(self, pointer: NDArray[np.int32], steps: NDArray[np.int32]) -> None:
        """Let every pointer lead to its end, and add up the steps on the way, in place."""

    def reachable(self, surface: Surface, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which nodes have a never-worsening path to a global optimum.

        Args:
            known: nodes that have one for sure, the global optima among them.
        """

    def pairs_within(self, surface: Surface, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each ascending threshold how many undirected pairs have |difference| <= threshold."""


class EdgeGraph:
    """The graph as lists of directed edges, sorted by their source."""

    name = "numpy"

    def __init__(self, space: Space, ranks: NDArray[np.int64]) -> None:
        from scipy.sparse import csr_array

        first, second, self.pair_axis = neighbour_pairs(space, ranks)
        self.first, self.second = first, second
        rows, columns = np.concatenate((first, second)), np.concatenate((second, first))
        matrix = csr_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(ranks.size, ranks.size))
        self.target: NDArray[np.int32] = matrix.indices.astype(np.int32, copy=False)
        self.degree: NDArray[np.int32] = np.diff(matrix.indptr).astype(np.int32)
        self.source: NDArray[np.int32] = np.repeat(np.arange(ranks.size, dtype=np.int32), self.degree)
        self._linked = np.flatnonzero(self.degree)
        self._starts = matrix.indptr[:-1][self._linked]

    def _per_node(self, operation: np.ufunc, edge_values: NDArray, dtype: type, empty: float = 0) -> NDArray:
        """Reduce edge values to their source nodes; nodes without neighbours get `empty`."""
        out: NDArray = np.full(self.degree.size, empty, dtype=dtype)
        if self._starts.size:
            out[self._linked] = operation.reduceat(edge_values, self._starts, dtype=dtype)
        return out

    def scan(self, surface: Surface, epsilon: float) -> Scan:
        """Compare every configuration with its neighbours."""
        loss, place = surface.loss, surface.place
        difference = loss[self.target] - loss[self.source]
        size = np.abs(difference)
        best_place = self._per_node(np.minimum, place[self.target], np.int32, place.size)
        own = np.arange(loss.size, dtype=np.int32)
        candidate = surface.order[np.minimum(best_place, place.size - 1)].astype(np.int32)
        improves = (best_place < place.size) & (loss[candidate] < loss)
        return Scan(
            best=np.where(improves, candidate, own),
            improving=self._per_node(np.add, difference < 0, np.int32),
            neutral=self._per_node(np.add, size <= epsilon, np.int32),
            tied=self._per_node(np.add, size == 0, np.int32),
            slope=self._per_node(np.add, size, np.float64),
        )

    def neutral(self, surface: Surface, threshold: float) -> NDArray[np.int32]:
        """Return for each node the number of neighbours with |difference| <= threshold."""
        size = np.abs(surface.loss[self.target] - surface.loss[self.source])
        return self._per_node(np.add, size <= threshold, np.int32)

    def neighbour_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each node the sum of its neighbours' values."""
        return self._per_node(np.add, values[self.target], np.float64)

    def walk(self, values: NDArray[np.float64], steps: int) -> tuple[list[float], list[float]]:
        """Return <P^h x, P^h x> and <P^h x, P^(h+1) x> weighted by degree, for h below `steps`."""
        current, safe = values, np.maximum(self.degree, 1)
        squares, products = [], []
        for _ in range(steps):
            sums = self.neighbour_sum(current)
            squares.append(dot(self.degree * current, current))
            products.append(dot(current, sums))
            current = sums / safe
        return squares, products

    def plateau_roots(self, surface: Surface, tied: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return for each node the smallest node id of its plateau: tied nodes connected through ties."""
        del tied
        same = np.flatnonzero(surface.loss[self.first] == surface.loss[self.second])
        return connected_roots(self.first[same], self.second[same], surface.size)

    def follow(self, pointer: NDArray[np.int32], steps: NDArray[np.int32]) -> None:
        """Let every pointer lead to its end, and add up the steps on the way, in place: by pointer jumping."""
        # Indices of the machine's own width are not converted anew at each jump.
        to = pointer.astype(np.intp)
        while not np.array_equal(further := to.take(to), to):
            steps += steps.take(to)
            to = further
        pointer[:] = to

    def reachable(self, surface: Surface, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which nodes have a never-worsening path to a global optimum."""
        del known
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order

        loss, n = surface.loss, surface.size
        upward = loss[self.target] >= loss[self.source]
        rows = np.concatenate((self.source[upward], np.full(surface.optima.size, n, dtype=np.int32)))
        columns = np.concatenate((self.target[upward], surface.optima.astype(np.int32)))
        # One more node leads to all global optima, so that a single search starts from them all.
        walk = csr_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(n + 1, n + 1))
        reached = np.zeros(n + 1, dtype=bool)
        reached[breadth_first_order(walk, n, directed=True, return_predecessors=False)] = True
        return reached[:n]

    def pairs_within(self, surface: Surface, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each ascending threshold how many undirected pairs have |difference| <= threshold."""
        size = np.abs(surface.loss[self.second] - surface.loss[self.first])
        bins = np.searchsorted(thresholds, size, side="left")
        return np.cumsum(np.bincount(bins, minlength=thresholds.size + 1)[: thresholds.size])


def connected_roots(first: NDArray, second: NDArray, size: int) -> NDArray[np.int32]:
    """Return for each of `size` nodes the smallest node that the given undirected pairs connect it with."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    roots = np.arange(size, dtype=np.int32)
    if not first.size:
        return roots
    # Only nodes with a tie take part: on a landscape with few ties that is next to nothing.
    nodes, position = np.unique(np.concatenate((first, second)), return_inverse=True)
    pairs = (np.ones(first.size, dtype=np.int8), (position[: first.size], position[first.size :]))
    count, label = connected_components(coo_array(pairs, shape=(nodes.size, nodes.size)), directed=False)
    smallest = np.full(count, size, dtype=np.int32)
    np.minimum.at(smallest, label, nodes.astype(np.int32))
    roots[nodes] = smallest[label]
    return roots
