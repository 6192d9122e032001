"""Escapes from local optima: change one or two hyperparameters, then descend."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface

MAX_ESCAPES = 40_000_000
"""Perturbed configurations that are listed at a time; beyond it the network is not built."""

Moves = tuple[NDArray[np.int64], NDArray[np.int64]]


def perturbed(space: Space, ranks: NDArray[np.int64], changes: int) -> Moves:
    """Return every configuration that `changes` moves on as many different hyperparameters lead to.

    Args:
        ranks: where to start.
        changes: 1 (the neighbours) or 2.

    Returns:
        Positions in `ranks` and the ranks reached, evaluated or not.

    Raises:
        TooLargeError: there are more than `MAX_ESCAPES`.
    """
    steps = [_axis_moves(space, ranks, axis) for axis in range(len(space.axes))]
    widths = [step.shape[1] for step in steps]
    if changes == 1:
        expected = sum(widths)
        chosen = [(step, step == 0) for step in steps]
    else:
        expected = sum(a * b for a, b in combinations(widths, 2))
        _require_escapes(expected * ranks.size)
        chosen = []
        for one, two in combinations(steps, 2):
            # Ranks are mixed-radix numbers, so moves on two axes add; where one of them is no move, it is no such pair.
            both = one[:, :, None] + two[:, None, :]
            void = (one == 0)[:, :, None] | (two == 0)[:, None, :]
            chosen.append((both.reshape(ranks.size, -1), void.reshape(ranks.size, -1)))
    _require_escapes(expected * ranks.size)
    sources, reached = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for step, void in chosen:
        row, column = np.nonzero(~void)
        sources.append(row)
        reached.append(ranks[row] + step[row, column])
    return np.concatenate(sources), np.concatenate(reached)


def _axis_moves(space: Space, ranks: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Return the rank differences of each configuration's moves on one axis, 0 where there is no such move."""
    size, stride = space.shape[axis], space.strides[axis]
    level = space.levels(ranks, axis)[:, None]
    if space.ordinal[axis]:
        other = level + np.array([[-1, 1]])
        other = np.where((other < 0) | (other >= size), level, other)
    else:
        # All other levels, in a cycle from this one: the same number of moves for every configuration.
        other = (level + np.arange(1, size)[None, :]) % size
    return (other - level) * stride


def escapes(surface: Surface, members: NDArray[np.int64], changes: int) -> Moves:
    """Return (position in `members`, node id reached) of all perturbations that end in an evaluated configuration.

    Args:
        members: node ids of the local optima's members.
    """
    source, rank = perturbed(surface.space, surface.ranks[members], changes)
    if surface.is_complete:
        return source, rank
    node = np.searchsorted(surface.ranks, rank)
    node[node == surface.size] = 0
    there = surface.ranks[node] == rank
    return source[there], node[there]


def _require_escapes(count: int) -> None:
    if count > MAX_ESCAPES:
        raise TooLargeError(
            f"The local optima have {count:,} escapes; the network is built up to {MAX_ESCAPES:,}.",
            "Use one-step perturbation, or a slice of the space.",
        )
