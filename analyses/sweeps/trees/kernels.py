"""Compiled loops: grow an ensemble of regression trees, predict with it, and cut it into boxes.

All trees of an ensemble lie in arrays (trees, nodes); children stand after their parent, a leaf has the feature -1.
Numbers at random come from a generator of their own (splitmix64, Steele et al. 2014), so that a seed gives the same
trees on every machine.
"""

from __future__ import annotations

import numpy as np

from hpowh.analyses.compiling import compiled

TIE = 1 + 1e-7
"""Cuts as good as each other but for rounding are equal: the first one is taken, whatever the response's unit."""

BLOCK = 1024
"""So many rows are brought down a tree together."""


@compiled
def _next(state):
    """Advance a generator (an array of one uint64) and return a number from [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def _random_cut(row, y, weight, index, start, end, least, total_w, total_y, state):
    """Return threshold and score of one cut drawn evenly between a feature's extremes; score -1 where there is none."""
    low = np.inf
    high = -np.inf
    for i in range(start, end):
        value = row[index[i]]
        low = min(low, value)
        high = max(high, value)
    if high <= low:
        return 0.0, -1.0
    cut = low + (high - low) * _next(state)
    if cut >= high:
        cut = low
    count = 0
    left_w = 0.0
    left_y = 0.0
    for i in range(start, end):
        at = index[i]
        if row[at] <= cut:
            count += 1
            left_w += weight[at]
            left_y += weight[at] * y[at]
    if count < least or end - start - count < least:
        return 0.0, -1.0
    right_w = total_w - left_w
    right_y = total_y - left_y
    if left_w <= 0.0 or right_w <= 0.0:
        return 0.0, -1.0
    return cut, left_y * left_y / left_w + right_y * right_y / right_w


@compiled
def _best_cut(row, y, weight, index, start, end, least, total_w, total_y, sortable):
    """Return threshold and score of the best cut of one feature; score -1 where there is none."""
    size = end - start
    for i in range(size):
        sortable[i] = row[index[start + i]]
    order = np.argsort(sortable[:size])
    best = -1.0
    cut = 0.0
    left_w = 0.0
    left_y = 0.0
    for k in range(size - 1):
        at = index[start + order[k]]
        left_w += weight[at]
        left_y += weight[at] * y[at]
        here = sortable[order[k]]
        there = sortable[order[k + 1]]
        if there <= here or k + 1 < least or size - k - 1 < least:
            continue
        right_w = total_w - left_w
        right_y = total_y - left_y
        if left_w <= 0.0 or right_w <= 0.0:
            continue
        score = left_y * left_y / left_w + right_y * right_y / right_w
        if score > best * TIE:
            best = score
            cut = 0.5 * (here + there)
            if cut >= there:
                cut = here
    return cut, best


@compiled
def grow(x, y, weight, trees, tried, least, is_random, is_bootstrapped, seed):  # noqa: PLR0912, PLR0915
    """Grow trees by least squares.

    Args:
        x: (features, rows), contiguous. y, weight: (rows,).
        tried: features looked at in a node, those that do not vary there not counted.
        least: rows that a leaf has at least.
        is_random: one cut at random a feature (Geurts et al. 2006), else the best one.

    Returns:
        feature, threshold, left, right, value: (trees, nodes); gain: (trees, features), each tree's adding up to 1.
    """
    features, rows = x.shape
    most = 2 * max(1, rows // max(1, least)) - 1
    feature = np.full((trees, most), -1, dtype=np.int32)
    threshold = np.zeros((trees, most))
    left = np.zeros((trees, most), dtype=np.int32)
    right = np.zeros((trees, most), dtype=np.int32)
    value = np.zeros((trees, most))
    gain = np.zeros((trees, features))
    index = np.empty(rows, dtype=np.int64)
    spare = np.empty(rows, dtype=np.int64)
    sortable = np.empty(rows)
    order = np.arange(features)
    begins = np.empty(most, dtype=np.int64)
    ends = np.empty(most, dtype=np.int64)
    state = np.empty(1, dtype=np.uint64)
    for tree in range(trees):
        state[0] = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(tree) * np.uint64(0x2545F4914F6CDD1D)
        for i in range(rows):
            index[i] = int(_next(state) * rows) if is_bootstrapped else i
        begins[0] = 0
        ends[0] = rows
        made = 1
        node = 0
        while node < made:
            start = begins[node]
            end = ends[node]
            total_w = 0.0
            total_y = 0.0
            low = np.inf
            high = -np.inf
            for i in range(start, end):
                at = index[i]
                total_w += weight[at]
                total_y += weight[at] * y[at]
                low = min(low, y[at])
                high = max(high, y[at])
            value[tree, node] = total_y / total_w if total_w > 0.0 else 0.0
            chosen = -1
            cut = 0.0
            best = -1.0
            if end - start >= 2 * least and high > low and made + 2 <= most:
                seen = 0
                left_over = features
                while seen < tried and left_over > 0:
                    pick = int(_next(state) * left_over)
                    j = order[pick]
                    order[pick] = order[left_over - 1]
                    order[left_over - 1] = j
                    left_over -= 1
                    if is_random:
                        here, score = _random_cut(x[j], y, weight, index, start, end, least, total_w, total_y, state)
                    else:
                        here, score = _best_cut(x[j], y, weight, index, start, end, least, total_w, total_y, sortable)
                    if score < 0.0:
                        continue
                    seen += 1
                    if score > best * TIE:
                        best = score
                        cut = here
                        chosen = j
            if chosen >= 0:
                kept = 0
                moved = 0
                for i in range(start, end):
                    at = index[i]
                    if x[chosen, at] <= cut:
                        index[start + kept] = at
                        kept += 1
                    else:
                        spare[moved] = at
                        moved += 1
                for i in range(moved):
                    index[start + kept + i] = spare[i]
                feature[tree, node] = chosen
                threshold[tree, node] = cut
                left[tree, node] = made
                right[tree, node] = made + 1
                begins[made] = start
                ends[made] = start + kept
                begins[made + 1] = start + kept
                ends[made + 1] = end
                made += 2
                gain[tree, chosen] += max(0.0, best - total_y * total_y / total_w)
            node += 1
        total = gain[tree].sum()
        if total > 0.0:
            gain[tree] /= total
    return feature, threshold, left, right, value, gain


@compiled
def _walk(x, first, rows, feature, threshold, left, at, active):
    """Bring `rows` rows of x from `first` on to their leaves of one tree: `at` holds the nodes.

    All rows take one step, then those that are not in a leaf the next: without a branch that could be foretold wrongly,
    the processor follows many rows at once.
    """
    for i in range(rows):
        at[i] = 0
        active[i] = i
    count = rows if feature[0] >= 0 else 0
    while count > 0:
        kept = 0
        for i in range(count):
            row = active[i]
            node = at[row]
            node = left[node] + (x[first + row, feature[node]] > threshold[node])
            at[row] = node
            active[kept] = row
            kept += feature[node] >= 0
        count = kept


@compiled
def every(x, feature, threshold, left, value):
    """Return each tree's prediction of each row of x (rows, features): (trees, rows); right children follow left."""
    trees = feature.shape[0]
    rows = x.shape[0]
    result = np.empty((trees, rows))
    at = np.empty(BLOCK, dtype=np.int64)
    active = np.empty(BLOCK, dtype=np.int64)
    for first in range(0, rows, BLOCK):
        size = min(BLOCK, rows - first)
        for tree in range(trees):
            _walk(x, first, size, feature[tree], threshold[tree], left[tree], at, active)
            for i in range(size):
                result[tree, first + i] = value[tree, at[i]]
    return result


@compiled
def mean(x, feature, threshold, left, value):
    """Return the trees' mean prediction of each row of x (rows, features); right children follow left ones."""
    trees = feature.shape[0]
    rows = x.shape[0]
    result = np.zeros(rows)
    at = np.empty(BLOCK, dtype=np.int64)
    active = np.empty(BLOCK, dtype=np.int64)
    for first in range(0, rows, BLOCK):
        size = min(BLOCK, rows - first)
        for tree in range(trees):
            _walk(x, first, size, feature[tree], threshold[tree], left[tree], at, active)
            for i in range(size):
                result[first + i] += value[tree, at[i]]
    return result / trees


@compiled
def boxes(feature, cut, left, right, axes):
    """Return the corners of one tree's nodes in mass coordinates, (nodes, axes) each, and which are leaves with mass.

    Args:
        feature, left, right: (nodes,). cut: (nodes,), the share of the axis's domain that goes to the left.
    """
    nodes = feature.shape[0]
    lower = np.zeros((nodes, axes))
    upper = np.ones((nodes, axes))
    is_reached = np.zeros(nodes, dtype=np.bool_)
    is_leaf = np.zeros(nodes, dtype=np.bool_)
    is_reached[0] = True
    for node in range(nodes):
        if not is_reached[node]:
            continue
        j = feature[node]
        if j < 0:
            is_leaf[node] = True
            continue
        here = min(max(cut[node], lower[node, j]), upper[node, j])
        if here > lower[node, j]:
            child = left[node]
            lower[child] = lower[node]
            upper[child] = upper[node]
            upper[child, j] = here
            is_reached[child] = True
        if here < upper[node, j]:
            child = right[node]
            lower[child] = lower[node]
            upper[child] = upper[node]
            lower[child, j] = here
            is_reached[child] = True
    return lower, upper, is_leaf
