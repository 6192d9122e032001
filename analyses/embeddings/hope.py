"""HOPE: vectors whose products approximate the Katz proximity of a directed graph.

Ou, Cui, Pei, Zhang and Zhu (2016), "Asymmetric transitivity preserving graph embedding", section 4: the proximity is
S = sum over l >= 1 of (decay A)^l, which counts the paths from one node to another, long ones less. Its truncated
singular value decomposition S ~ U diag(s) V' gives each node a vector as the source of paths, U sqrt(s), and one as
their target, V sqrt(s).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.surface import Surface

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DENSE_UP_TO = 300
"""Nodes up to which the proximity is formed and decomposed whole; iterations need more nodes than vectors."""
TOLERANCE = 1e-10
"""The series of paths ends where its last term is this small, relative to the sum."""
DIVERGED = 1e100
"""A term of the series as large as this will not come down again."""
MAX_LENGTH = 2_000
"""Longest path that is counted; a series that has not settled by then is refused."""


@dataclass(frozen=True)
class Hope:
    """What the graph's proximity became."""

    vectors: NDArray[np.float64]
    """One row a configuration: its `dimension` numbers as a source, then as a target."""
    singular_values: NDArray[np.float64]
    """The largest ones, falling."""
    decay: float


def improving_matrix(surface: Surface) -> csr_array:
    """Return the directed graph as a sparse matrix: 1 from each configuration to each neighbour that is no worse.

    Ties are pairs in both directions, as everywhere in the landscapes.
    """
    from scipy.sparse import csr_array

    first, second, _ = neighbour_pairs(surface.space, surface.ranks)
    difference = surface.loss[second] - surface.loss[first]
    down, up = difference <= 0, difference >= 0
    source = np.concatenate((first[down], second[up]))
    target = np.concatenate((second[down], first[up]))
    return csr_array((np.ones(source.size), (source, target)), shape=(surface.size, surface.size))


def choose_decay(matrix: csr_array) -> float:
    """Return the decay at which each further step of a path weighs about as much as the one before.

    A configuration has on average `m` neighbours that are no worse, so that the number of paths grows by about `m` a
    step; 1 / m balances that. Improving edges have no cycle and let the series end by itself, whatever the decay; tied
    ones have cycles, whose growth is at most their largest number at one node, so that the decay stays below half of
    its inverse.
    """
    mean = matrix.nnz / matrix.shape[0]
    tied = np.asarray(matrix.multiply(matrix.T).sum(axis=1)).ravel()
    most = float(tied.max(initial=0.0))
    return min(1.0 / mean, 0.5 / most) if most else 1.0 / mean


def katz(matrix: csr_array, decay: float, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return S x for the Katz proximity S of a graph, without forming S.

    Solves (I - decay A) y = decay A x by its series, which on a graph without cycles is finite and exact.

    Args:
        start: one vector or several as columns.

    Raises:
        LandscapeError: the series does not converge: the decay is too large for the graph's cycles.
    """
    term = decay * (matrix @ start)
    total = term.copy()
    for _ in range(MAX_LENGTH):
        size = float(np.abs(term).max(initial=0.0))
        if not size < DIVERGED:
            break
        if size <= TOLERANCE * float(np.abs(total).max(initial=0.0)):
            return total
        term = decay * (matrix @ term)
        total += term
    raise LandscapeError(f"The Katz proximity does not converge with a decay of {decay:.3g}.")


def embed_graph(surface: Surface, *, dimension: int = 16, seed: int = 0) -> Hope:
    """Return the HOPE vectors of a landscape's graph; the same seed gives the same vectors.

    Args:
        dimension: singular vectors that are kept; a configuration gets twice as many numbers.

    Raises:
        LandscapeError: there is nothing to embed: all losses are equal, or no two configurations are neighbours.
    """
    n = surface.size
    if float(np.ptp(surface.loss)) == 0.0:
        raise LandscapeError("All losses are equal: a picture of it would show nothing.")
    if n <= dimension + 1:
        raise LandscapeError(f"{n} configurations are too few for {dimension} dimensions.", "Ask for less: --dimension")
    matrix = improving_matrix(surface)
    if not matrix.nnz:
        raise LandscapeError(
            "No two evaluated configurations are neighbours.",
            "A landscape needs neighbours; evaluate more of the grid.",
        )
    decay = choose_decay(matrix)
    backward = matrix.T.tocsr()
    if n <= DENSE_UP_TO:
        left, values, right = np.linalg.svd(katz(matrix, decay, np.eye(n)))
        left, values, right = left[:, :dimension], values[:dimension], right[:dimension].T
    else:
        left, values, right = _leading(matrix, backward, decay, dimension, seed)
    # The sign of a pair of singular vectors is arbitrary: the largest entry is made positive.
    sign = np.sign(left[np.abs(left).argmax(axis=0), np.arange(values.size)])
    weight = sign * np.sqrt(values)
    return Hope(np.hstack((left * weight, right * weight)), values, decay)


def _leading(
    matrix: csr_array, backward: csr_array, decay: float, dimension: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the leading singular vectors and values, by Lanczos iterations from a start that the seed gives."""
    from scipy.sparse.linalg import LinearOperator, svds

    operator = LinearOperator(
        matrix.shape,
        matvec=lambda x: katz(matrix, decay, x.ravel()),
        rmatvec=lambda x: katz(backward, decay, x.ravel()),
        dtype=np.float64,
    )
    start = np.random.default_rng(seed).standard_normal(matrix.shape[0])
    left, values, right = svds(operator, k=dimension, v0=start, tol=1e-6)
    order = np.argsort(-values)
    return left[:, order], values[order], right[order].T
