"""How far each configuration is from the nearest global optimum: Manhattan on levels plus Hamming on categories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.surface import MAX_CELLS, Surface

LISTED_WORK = 100_000_000
"""Configurations x optima up to which each optimum is handled in turn; beyond it a distance transform is quicker."""


def optimum_distance(surface: Surface) -> NDArray[np.int32]:
    """Return each configuration's distance to the nearest of the (exactly tied) global optima, in moves.

    On a complete grid it is the number of neighbour moves from one to the other.

    Raises:
        TooLargeError: a sparse landscape of a huge space has too many tied optima.
    """
    if surface.optima.size * surface.size <= LISTED_WORK:
        return _by_optimum(surface)
    if surface.space.cardinality <= MAX_CELLS:
        return _by_transform(surface)
    raise TooLargeError(f"{surface.optima.size:,} tied optima in a space too large for a distance transform.")


def distances_to(surface: Surface, rank: int) -> NDArray[np.int32]:
    """Return each configuration's distance to the one with this rank."""
    space = surface.space
    total = np.zeros(space.shape if surface.is_complete else surface.size, dtype=np.int32)
    for axis, (size, stride, flag) in enumerate(zip(space.shape, space.strides, space.ordinal, strict=True)):
        levels = np.arange(size)
        gap = np.abs(levels - (rank // stride) % size).astype(np.int32)
        if not flag:
            gap = np.minimum(gap, 1)
        if surface.is_complete:
            total += gap.reshape([-1 if j == axis else 1 for j in range(len(space.shape))])
        else:
            total += gap[space.levels(surface.ranks, axis)]
    return total.ravel()


def _by_optimum(surface: Surface) -> NDArray[np.int32]:
    ranks = surface.ranks[surface.optima]
    nearest = distances_to(surface, int(ranks[0]))
    for rank in ranks[1:]:
        np.minimum(nearest, distances_to(surface, int(rank)), out=nearest)
    return nearest


def _by_transform(surface: Surface) -> NDArray[np.int32]:
    """Sweep along each axis in turn: the distance is a sum over axes, so that its minimum separates."""
    space = surface.space
    far = np.int32(sum(size for size in space.shape) + 1)
    cells = np.full(space.cardinality, far, dtype=np.int32)
    cells[surface.ranks[surface.optima]] = 0
    for size, stride, flag in zip(space.shape, space.strides, space.ordinal, strict=True):
        block = cells.reshape(-1, size, stride)
        if flag:
            for level in range(1, size):
                np.minimum(block[:, level], block[:, level - 1] + np.int32(1), out=block[:, level])
            for level in range(size - 2, -1, -1):
                np.minimum(block[:, level], block[:, level + 1] + np.int32(1), out=block[:, level])
        else:
            np.minimum(block, block.min(axis=1, keepdims=True) + np.int32(1), out=block)
    return cells[surface.ranks]
