"""The neighbour pairs of a set of configurations, complete, with holes or sparse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.space import Space

MAX_PAIRS = 60_000_000
"""More undirected pairs than this are not listed (2 x 4 bytes each way); the dense engine needs no list."""
DENSE_OCCUPANCY = 0.2
"""Below this share of evaluated cells, pairs are found by sorting instead of through an array of all cells."""

Pairs = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int16]]


def neighbour_pairs(space: Space, ranks: NDArray[np.int64]) -> Pairs:
    """Return all undirected neighbour pairs among the given configurations.

    Args:
        ranks: sorted, distinct ranks; a node's id is its position in this array.

    Returns:
        Two arrays of node ids, the first of a pair having the smaller rank, and the axis in which they differ.

    Raises:
        TooLargeError: there are more than `MAX_PAIRS` pairs.
    """
    if ranks.size == space.cardinality:
        return _grid_pairs(space, None)
    if ranks.size >= DENSE_OCCUPANCY * space.cardinality:
        ids = np.full(space.cardinality, -1, dtype=np.int32)
        ids[ranks] = np.arange(ranks.size, dtype=np.int32)
        return _grid_pairs(space, ids)
    return _sorted_pairs(space, ranks)


def _grid_pairs(space: Space, ids: NDArray[np.int32] | None) -> Pairs:
    """List pairs by shifting the array of node ids along each axis by each admissible distance."""
    _require_pairs(space.pair_count)
    cells = np.arange(space.cardinality, dtype=np.int32) if ids is None else ids
    firsts, seconds, axes = [], [], []
    for axis, (size, stride, flag) in enumerate(zip(space.shape, space.strides, space.ordinal, strict=True)):
        block = cells.reshape(-1, size, stride)
        for distance in range(1, min(2, size) if flag else size):
            a, b = block[:, :-distance].ravel(), block[:, distance:].ravel()
            if ids is not None:
                both = (a >= 0) & (b >= 0)
                a, b = a[both], b[both]
            firsts.append(a)
            seconds.append(b)
            axes.append(np.full(a.size, axis, dtype=np.int16))
    return _joined(firsts, seconds, axes)


def _sorted_pairs(space: Space, ranks: NDArray[np.int64]) -> Pairs:
    """List pairs by sorting each axis's fibres (configurations equal in all other axes) together.

    Costs a sort per axis whatever the number of levels: a fibre's pairs are those of its evaluated members.
    """
    firsts, seconds, axes = [], [], []
    total = 0
    for axis, (stride, flag) in enumerate(zip(space.strides, space.ordinal, strict=True)):
        level = space.levels(ranks, axis)
        fibre = ranks - level * stride
        order = np.lexsort((level, fibre))
        fibre, level = fibre[order], level[order]
        distance = 1
        while distance < ranks.size:
            same = np.flatnonzero(fibre[distance:] == fibre[:-distance])
            if not same.size:
                break
            total += same.size
            _require_pairs(total)
            if flag:
                same = same[level[same + distance] - level[same] == 1]
            firsts.append(order[same].astype(np.int32))
            seconds.append(order[same + distance].astype(np.int32))
            axes.append(np.full(same.size, axis, dtype=np.int16))
            if flag:
                break
            distance += 1
    return _joined(firsts, seconds, axes)


def _joined(firsts: list[NDArray[np.int32]], seconds: list[NDArray[np.int32]], axes: list[NDArray[np.int16]]) -> Pairs:
    if not firsts:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int16)
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(axes)


def _require_pairs(count: int) -> None:
    if count > MAX_PAIRS:
        raise TooLargeError(
            f"The landscape has {count:,} or more neighbour pairs; a list of them stops at {MAX_PAIRS:,}.",
            "Declare a hyperparameter with thousands of levels as ordinal, or analyse a slice of the space.",
        )
