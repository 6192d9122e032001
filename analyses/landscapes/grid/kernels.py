"""Compiled loops over the neighbour pairs of a dense grid; compiled once and cached on disk (see `compiling`).

All take values of the whole grid, flat, NaN (or 0 for sums) where there is a hole: comparisons with NaN are false, so
that holes count for nothing. A range of ranks is handled at a time, so that threads share the work without locks.

Every loop over neighbours works tile by tile: for each shift (axis and number of levels) the neighbours' values of a
whole tile are laid side by side first, NaN where there is no such neighbour, and then compared as one plain vector.
Axes whose levels change every few cells would otherwise break the vectors into scalars.
"""

from __future__ import annotations

import numpy as np

from hpowh.analyses.compiling import compiled

TILE = 2048
"""Cells whose counters stay in the first-level cache while all their neighbours pass by."""
SHORT = 64
"""Strides below this are masked cell by cell instead of run by run."""
SHIFTS = 8
"""Categorical axes with more levels than this add up by fibres instead of by shifts."""


@compiled
def _levels(stride, size, tile, end, out):
    """Fill `out` with the level on one axis of the cells from `tile` to `end`."""
    level, left = (tile // stride) % size, stride - tile % stride
    for k in range(end - tile):
        out[k] = level
        left -= 1
        if left == 0:
            left = stride
            level += 1
            if level == size:
                level = 0


@compiled
def _shifted(values, stride, size, by, tile, end, levels, hole, out):
    """Fill `out` with the values `by` levels away, `hole` where there is none; return whether there is any.

    `levels` is read only for strides below `SHORT`.
    """
    shift, some = by * stride, False
    if stride < SHORT:
        # The whole tile is shifted at once: [low, high) are its nodes i with 0 <= i + shift < values.size. A place that
        # is inside the array may be on another fibre: level + by is in [0, size) just where least <= level < most.
        low, high = min(max(tile, -shift), end), max(min(end, values.size - shift), tile)
        least, most = max(0, -by), size - max(0, by)
        out[: low - tile] = hole
        out[high - tile : end - tile] = hole
        source, level, target = values[low + shift : high + shift], levels[low - tile : high - tile], out[low - tile :]
        for k in range(high - low):
            value, at_level = source[k], level[k]
            target[k] = value if (at_level >= least) & (at_level < most) else hole
        return True
    # `stride` nodes in a row have one level: each such stretch is copied, or is a hole, as a whole.
    at = tile
    while at < end:
        level_here = (at // stride) % size
        stop = min(end, (at // stride + 1) * stride)
        if 0 <= level_here + by < size:
            some = True
            out[at - tile : stop - tile] = values[at + shift : stop + shift]
        else:
            out[at - tile : stop - tile] = hole
        at = stop
    return some


@compiled
def scan_range(loss, shape, strides, ordinal, epsilon, low, high, best, improving, neutral, tied, slope):
    """Fill the five outputs for the ranks from `low` to `high` (exclusive); `best` is the rank itself without exit."""
    lowest, theirs, levels = np.empty(TILE), np.empty(TILE), np.empty(TILE, np.int32)
    for tile in range(low, high, TILE):
        end = min(high, tile + TILE)
        n = end - tile
        mine, chosen, total = loss[tile:end], best[tile:end], slope[tile:end]
        better, near, same = improving[tile:end], neutral[tile:end], tied[tile:end]
        better[:], near[:], same[:], total[:] = 0, 0, 0, 0.0
        for k in range(n):
            lowest[k] = mine[k]
            chosen[k] = tile + k
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            if stride < SHORT:
                _levels(stride, size, tile, end, levels)
            reach = 1 if ordinal[axis] else size - 1
            for by in range(-reach, reach + 1):
                if by == 0 or not _shifted(loss, stride, size, by, tile, end, levels, np.nan, theirs):
                    continue
                for k in range(n):
                    # A hole is NaN here, and no comparison with NaN is true: it counts nowhere.
                    gap = abs(theirs[k] - mine[k])
                    better[k] += np.int32(theirs[k] < mine[k])
                    near[k] += np.int32(gap <= epsilon)
                    same[k] += np.int32(gap == 0.0)
                    total[k] += gap if gap >= 0.0 else 0.0
                there = np.int32(tile + by * stride)
                for k in range(n):
                    value, before, other, old = theirs[k], lowest[k], np.int32(there + np.int32(k)), chosen[k]
                    wins = (value < before) | ((value == before) & (other < old))
                    chosen[k] = other if wins else old
                    lowest[k] = value if wins else before
        for k in range(n):
            if not lowest[k] < mine[k]:
                chosen[k] = tile + k


@compiled
def fibre_sums(values, stride, size, low, high, out):
    """Fill `out` from `low` to `high` with the sums along one axis: cell `block * stride + within` of each fibre."""
    at = low
    while at < high:
        block = at // stride
        stop = min(high, (block + 1) * stride)
        first = block * stride * size + at % stride
        n = stop - at
        target = out[at:stop]
        target[:] = values[first : first + n]
        for level in range(1, size):
            source = values[first + level * stride : first + level * stride + n]
            for k in range(n):
                target[k] += source[k]
        at = stop


@compiled
def sum_range(values, shape, strides, ordinal, fibres, starts, low, high, out):
    """Fill `out` for the ranks from `low` to `high` with the sum of the neighbours' values (holes hold 0).

    `fibres` holds from `starts[axis]` on the sums along the axis, for categorical axes of more than `SHIFTS` levels.
    """
    theirs, levels = np.empty(TILE), np.empty(TILE, np.int32)
    for tile in range(low, high, TILE):
        end = min(high, tile + TILE)
        n = end - tile
        target = out[tile:end]
        target[:] = 0.0
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            if starts[axis] >= 0:
                at = tile
                while at < end:
                    stop = min(end, (at // stride + 1) * stride)
                    first = starts[axis] + at // (stride * size) * stride + at % stride
                    part, whole, own = out[at:stop], fibres[first : first + stop - at], values[at:stop]
                    for k in range(stop - at):
                        part[k] += whole[k] - own[k]
                    at = stop
                continue
            if stride < SHORT:
                _levels(stride, size, tile, end, levels)
            reach = 1 if ordinal[axis] else size - 1
            for by in range(-reach, reach + 1):
                if by != 0 and _shifted(values, stride, size, by, tile, end, levels, 0.0, theirs):
                    for k in range(n):
                        target[k] += theirs[k]


@compiled
def walk_range(values, sums, degree, low, high, out):
    """Divide neighbours' sums by the degrees; return the sums of degree x value^2 and of degree x value x quotient."""
    square, product = 0.0, 0.0
    for tile in range(low, high, TILE):
        # Sums of tiles, added up: errors grow with the number of tiles and not of cells.
        own, cross, end = 0.0, 0.0, min(high, tile + TILE)
        value, total, weight, target = values[tile:end], sums[tile:end], degree[tile:end], out[tile:end]
        for k in range(end - tile):
            own += weight[k] * value[k] * value[k]
            cross += value[k] * total[k]
            quotient = total[k] / max(weight[k], 1)
            # A hole has degree 0 and must stay 0, whatever its neighbours are.
            target[k] = quotient if weight[k] > 0 else 0.0
        square += own
        product += cross
    return square, product


@compiled
def count_within(loss, shape, strides, ordinal, thresholds, low, high, counts):
    """Add to `counts[t]` the pairs whose lower end lies in the range and whose |difference| is <= threshold t."""
    theirs, levels = np.empty(TILE), np.empty(TILE, np.int32)
    for tile in range(low, high, TILE):
        end = min(high, tile + TILE)
        mine = loss[tile:end]
        for axis in range(shape.size):
            stride, size = strides[axis], shape[axis]
            if stride < SHORT:
                _levels(stride, size, tile, end, levels)
            for by in range(1, min(2, size) if ordinal[axis] else size):
                if not _shifted(loss, stride, size, by, tile, end, levels, np.nan, theirs):
                    continue
                for k in range(end - tile):
                    theirs[k] = abs(theirs[k] - mine[k])
                for t in range(thresholds.size):
                    limit, found = thresholds[t], 0
                    for k in range(end - tile):
                        found += theirs[k] <= limit
                    counts[t] += found


@compiled
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled
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


@compiled
def follow(pointer, steps):
    """Replace every pointer by its end, and each node's own step by the steps of its whole path.

    Each path is walked once and written back from its end, so that every node is visited twice at most.
    """
    path = np.empty(pointer.size, dtype=np.int32)
    done = np.zeros(pointer.size, dtype=np.bool_)
    for i in range(pointer.size):
        if pointer[i] == i:
            done[i] = True
    for start in range(pointer.size):
        length, at = 0, start
        while not done[at]:
            path[length] = at
            length += 1
            at = pointer[at]
        end, total = pointer[at], steps[at]
        for k in range(length - 1, -1, -1):
            node = path[k]
            total += steps[node]
            steps[node] = total
            pointer[node] = end
            done[node] = True


@compiled
def climb(loss, shape, strides, ordinal, starts, reached):
    """Mark every cell from which a marked one can be reached without worsening: a search upwards from `starts`."""
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


@compiled
def look_down(loss, shape, strides, ordinal, todo, reached):
    """Mark those of `todo` with a marked neighbour that is no worse; return how many were marked.

    In ascending order of loss one call is enough but for ties.
    """
    marked = 0
    for i in todo:
        for axis in range(shape.size):
            if reached[i]:
                break
            stride, size = strides[axis], shape[axis]
            level = (i // stride) % size
            first, last = (max(level - 1, 0), min(level + 2, size)) if ordinal[axis] else (0, size)
            for other in range(first, last):
                j = i + (other - level) * stride
                if reached[j] and loss[j] <= loss[i]:
                    reached[i] = True
                    marked += 1
                    break
    return marked


@compiled
def fibre_squares(values, stride, size, low, high):
    """Return the sum over fibres `low` to `high` of one axis (as in `fibre_sums`) of their squared sums."""
    buffer = np.empty(TILE)
    total, at = 0.0, low
    while at < high:
        block = at // stride
        stop = min(high, (block + 1) * stride, at + TILE)
        first = block * stride * size + at % stride
        part = 0.0
        if stop - at == 1:
            for level in range(size):
                part += values[first + level * stride]
            part *= part
        else:
            buffer[: stop - at] = values[first : first + stop - at]
            for level in range(1, size):
                source = values[first + level * stride : first + level * stride + stop - at]
                for k in range(stop - at):
                    buffer[k] += source[k]
            for k in range(stop - at):
                part += buffer[k] * buffer[k]
        total += part
        at = stop
    return total


@compiled
def classify_squares(grid, shape, strides, axes, by, tolerance, low, high, counts):
    """Count the kinds of interaction in the squares whose lowest corner lies in the range.

    Args:
        axes, by: all upward shifts, sorted by axis: which axis, and by how many levels.
        tolerance: rounding error, relative to the four losses of a square, below which it is additive.
        counts: of shape (axes, axes, 4), the pair's entry incremented at 0 (additive), 1 (other than additive),
            2 (exactly one effect changes its sign), 3 (both do).
    """
    n = axes.size
    beside, levels = np.empty((n, TILE)), np.empty(TILE, np.int32)
    has_shift = np.zeros(n, dtype=np.bool_)
    for tile in range(low, high, TILE):
        end = min(high, tile + TILE)
        for s in range(n):
            stride, size = strides[axes[s]], shape[axes[s]]
            if stride < SHORT and (s == 0 or axes[s - 1] != axes[s]):
                _levels(stride, size, tile, end, levels)
            has_shift[s] = _shifted(grid, stride, size, by[s], tile, end, levels, np.nan, beside[s])
        for s in range(n):
            if not has_shift[s]:
                continue
            for t in range(s + 1, n):
                if axes[t] == axes[s] or not has_shift[t]:
                    continue
                shift = by[s] * strides[axes[s]] + by[t] * strides[axes[t]]
                # Beyond the end of the grid there is no fourth corner.
                n_here = max(0, min(end, grid.size - shift) - tile)
                zero, one, two, both = grid[tile:end], beside[s], beside[t], grid[tile + shift : tile + shift + n_here]
                additive, interacting, single, double = 0, 0, 0, 0
                for k in range(n_here):
                    f00, f10, f01, f11 = zero[k], one[k], two[k], both[k]
                    mixed = abs((f11 - f01) - (f10 - f00))
                    limit = tolerance * (abs(f00) + abs(f10) + abs(f01) + abs(f11))
                    live = mixed > limit
                    turn_a = live & ((f10 - f00) * (f11 - f01) < 0)
                    turn_b = live & ((f01 - f00) * (f11 - f10) < 0)
                    additive += mixed <= limit
                    interacting += live
                    single += turn_a ^ turn_b
                    double += turn_a & turn_b
                pair = counts[axes[s], axes[t]]
                pair[0] += additive
                pair[1] += interacting
                pair[2] += single
                pair[3] += double


@compiled
def kendall_counts(x, y, by_y):
    """Return how many pairs two rankings order differently, and how many are tied in both.

    Args:
        x, y: ranks from 0 without gaps, tied ones equal.
        by_y: the positions sorted by `y`.
    """
    n = x.size
    starts = np.zeros(x.max() + 2, np.int64)
    for k in range(n):
        starts[x[k] + 1] += 1
    for level in range(1, starts.size):
        starts[level] += starts[level - 1]
    ordered, first = np.empty(n, np.int32), np.empty(n, np.int32)
    for k in range(n):
        at = by_y[k]
        ordered[starts[x[at]]], first[starts[x[at]]] = y[at], x[at]
        starts[x[at]] += 1
    joint, run = 0, 0
    for k in range(1, n):
        run = run + 1 if ordered[k] == ordered[k - 1] and first[k] == first[k - 1] else 0
        joint += run
    # Sorted by x and within equal x by y: what is left to sort by y is what the two rankings order differently.
    discordant, width, buffer = 0, 1, first
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            left, right = low, middle
            for k in range(low, high):
                if left < middle and (right >= high or ordered[left] <= ordered[right]):
                    buffer[k] = ordered[left]
                    left += 1
                else:
                    buffer[k] = ordered[right]
                    right += 1
                    discordant += middle - left
        ordered, buffer = buffer, ordered
        width *= 2
    return discordant, joint
