"""Compiled loops over the neighbour pairs of a dense grid; compiled once and cached on disk.

All take the losses of the whole grid, flat, NaN where there is a hole: comparisons with NaN are false, so that holes
count for nothing. A chunk of ranks is handled at a time, so that threads share the work without locks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TILE = 4096
"""Cells whose counters stay in the first-level cache while all their neighbours pass by."""


@njit(cache=True, nogil=True)
def scan_range(loss, shape, strides, ordinal, epsilon, low, high, best, improving, neutral, tied, degree, slope):
    """Fill the six outputs for the ranks from `low` to `high` (exclusive); `best` is the rank itself without exit.

    Runs of cells with the same level on an axis meet their neighbours as contiguous streams, so that the inner loop
    is a plain vector operation.
    """
    values = np.empty(TILE)
    for tile in range(low, high, TILE):
        end = min(high, tile + TILE)
        for i in range(tile, end):
            values[i - tile] = loss[i]
            best[i] = i
            improving[i] = 0
            neutral[i] = 0
            tied[i] = 0
            degree[i] = 0
            slope[i] = 0.0
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            at = tile
            while at < end:
                level = (at // stride) % size
                stop = min(end, (at // stride + 1) * stride)
                first, last = (max(level - 1, 0), min(level + 2, size)) if ordinal[axis] else (0, size)
                for other in range(first, last):
                    if other == level:
                        continue
                    shift = (other - level) * stride
                    for i in range(at, stop):
                        mine, theirs = loss[i], loss[i + shift]
                        gap = abs(theirs - mine)
                        both = gap >= 0.0
                        improving[i] += np.int32(theirs < mine)
                        neutral[i] += np.int32(gap <= epsilon)
                        tied[i] += np.int32(gap == 0.0)
                        degree[i] += np.int32(both)
                        slope[i] += gap if both else 0.0
                    for i in range(at, stop):
                        theirs, lowest = loss[i + shift], values[i - tile]
                        if theirs < lowest or (theirs == lowest and i + shift < best[i]):
                            values[i - tile] = theirs
                            best[i] = i + shift
                at = stop
        for i in range(tile, end):
            if not values[i - tile] < loss[i]:
                best[i] = i


@njit(cache=True, nogil=True)
def sum_range(values, shape, strides, ordinal, low, high, out):
    """Fill `out` for the ranks from `low` to `high` with the sum of the neighbours' values (holes hold 0)."""
    for tile in range(low, high, TILE):
        end = min(high, tile + TILE)
        for i in range(tile, end):
            out[i] = 0.0
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            at = tile
            while at < end:
                level = (at // stride) % size
                stop = min(end, (at // stride + 1) * stride)
                first, last = (max(level - 1, 0), min(level + 2, size)) if ordinal[axis] else (0, size)
                for other in range(first, last):
                    if other != level:
                        shift = (other - level) * stride
                        for i in range(at, stop):
                            out[i] += values[i + shift]
                at = stop


@njit(cache=True, nogil=True)
def count_within(loss, shape, strides, ordinal, thresholds, low, high, counts):
    """Add to `counts[t]` the pairs whose upper end lies in the range and whose |difference| first fits threshold t."""
    for axis in range(shape.size):
        stride, size = strides[axis], shape[axis]
        at = low
        while at < high:
            level = (at // stride) % size
            stop = min(high, (at // stride + 1) * stride)
            first = max(level - 1, 0) if ordinal[axis] else 0
            for other in range(first, level):
                shift = (level - other) * stride
                for i in range(at, stop):
                    gap = abs(loss[i] - loss[i - shift])
                    if gap >= 0.0:
                        for t in range(thresholds.size):
                            if gap <= thresholds[t]:
                                counts[t] += 1
                                break
            at = stop


@njit(cache=True, nogil=True)
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def join_ties(loss, shape, strides, ordinal, tied, parent):
    """Union-find over exactly tied neighbours: `parent` ends as the smallest rank of each cell's plateau.

    Only cells that `tied` says have a tie are visited.
    """
    for i in range(loss.size):
        parent[i] = i
    for i in range(loss.size):
        if tied[i] == 0:
            continue
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            level = (i // stride) % size
            first = max(level - 1, 0) if ordinal[axis] else 0
            for other in range(first, level):
                j = i - (level - other) * stride
                if loss[j] == loss[i]:
                    a, b = _root(parent, i), _root(parent, j)
                    if a < b:
                        parent[b] = a
                    elif b < a:
                        parent[a] = b
    for i in range(loss.size):
        if tied[i]:
            parent[i] = _root(parent, i)


@njit(cache=True, nogil=True)
def climb(loss, shape, strides, ordinal, starts, reached):
    """Mark in `reached` every cell from which the starts can be reached without worsening: a search from the starts."""
    queue = np.empty(loss.size, dtype=np.int32)
    tail = 0
    for i in starts:
        reached[i] = True
        queue[tail] = i
        tail += 1
    head = 0
    while head < tail:
        i = queue[head]
        head += 1
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            level = (i // stride) % size
            first, last = (max(level - 1, 0), min(level + 2, size)) if ordinal[axis] else (0, size)
            for other in range(first, last):
                j = i + (other - level) * stride
                if not reached[j] and loss[j] >= loss[i]:
                    reached[j] = True
                    queue[tail] = j
                    tail += 1


@njit(cache=True, nogil=True)
def classify_squares(grid, ordinal_a, ordinal_b, tolerance, low, high, counts):
    """Count the kinds of interaction of two axes in the blocks from `low` to `high`.

    Args:
        grid: losses with the shape (blocks, a, between, b, within): two axes and what lies around them.
        tolerance: rounding error, relative to the four losses of a square, below which it is additive.
        counts: incremented at 0 (additive), 1 (magnitude), 2 (sign), 3 (reciprocal sign).
    """
    size_a, between, size_b, within = grid.shape[1:]
    for block in range(low, high):
        for a in range(size_a - 1):
            for a2 in range(a + 1, min(a + 2, size_a) if ordinal_a else size_a):
                for m in range(between):
                    for b in range(size_b - 1):
                        for b2 in range(b + 1, min(b + 2, size_b) if ordinal_b else size_b):
                            for w in range(within):
                                f00, f10 = grid[block, a, m, b, w], grid[block, a2, m, b, w]
                                f01, f11 = grid[block, a, m, b2, w], grid[block, a2, m, b2, w]
                                mixed = abs((f11 - f01) - (f10 - f00))
                                scale = abs(f00) + abs(f10) + abs(f01) + abs(f11)
                                if mixed <= tolerance * scale:
                                    counts[0] += 1
                                elif mixed > 0.0:
                                    turn_a = (f10 - f00) * (f11 - f01) < 0
                                    turn_b = (f01 - f00) * (f11 - f10) < 0
                                    counts[1 + np.int64(turn_a) + np.int64(turn_b)] += 1
