"""Functional ANOVA of a random forest without a grid: trees are constant on boxes, and boxes have exact marginals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.one.fanova import Decomposition

Floats = NDArray[np.float64]


def forest_decomposition(forest: Any, space: Space, variance: float) -> Decomposition:
    """Return main effects and pairwise interactions of a fitted forest, exact for uniform levels (Hutter et al. 2014).

    Args:
        forest: fitted to `surrogate.encode`d configurations.
        variance: of its predictions over the whole space.

    Returns:
        The decomposition; total effects are NaN, as boxes give no closed form for them.
    """
    k = len(space.shape)
    mains = [np.zeros(size) for size in space.shape]
    cells = {(a, b): np.zeros((space.shape[a], space.shape[b])) for a, b in combinations(range(k), 2)}
    columns = _columns(space)
    for tree in forest.estimators_:
        value, masks = _boxes(tree.tree_, space, columns)
        shares = np.stack([mask.mean(axis=1) for mask in masks])
        part = value * shares.prod(axis=0)
        for axis, mask in enumerate(masks):
            mains[axis] += (part / shares[axis]) @ mask
        for a, b in cells:
            cells[a, b] += (masks[a] * (part / (shares[a] * shares[b]))[:, None]).T @ masks[b]
    count = len(forest.estimators_)
    effects = tuple(one / count - float(one.mean()) / count for one in mains)
    pair = {}
    for (a, b), table in cells.items():
        cell = table / count
        rest = cell - cell.mean() - effects[a][:, None] - effects[b][None, :]
        pair[a, b] = float(np.mean(rest * rest))
    main = np.array([float(np.mean(one * one)) for one in effects])
    return Decomposition(variance, effects, main, np.full(k, np.nan), pair)


def _columns(space: Space) -> list[tuple[int, int | None]]:
    """Return for each column of the encoding its axis, and the level that it indicates (None: it is the level)."""
    found: list[tuple[int, int | None]] = []
    for axis, (size, flag) in enumerate(zip(space.shape, space.ordinal, strict=True)):
        found += [(axis, None)] if flag or size <= 2 else [(axis, level) for level in range(size)]
    return found


def _boxes(tree: Any, space: Space, columns: list[tuple[int, int | None]]) -> tuple[Floats, list[Floats]]:
    """Return the value of each leaf, and of each axis which levels it holds (leaves x levels, 0 or 1)."""
    leaves = list(_leaves(tree, space, columns))
    value = np.array([tree.value[node, 0, 0] for node, _ in leaves])
    return value, [np.array([box[axis] for _, box in leaves], dtype=np.float64) for axis in range(len(space.shape))]


def _leaves(
    tree: Any, space: Space, columns: list[tuple[int, int | None]]
) -> Iterator[tuple[int, list[NDArray[np.bool_]]]]:
    waiting = [(0, [np.ones(size, dtype=bool) for size in space.shape])]
    while waiting:
        node, box = waiting.pop()
        if tree.children_left[node] < 0:
            yield node, box
            continue
        axis, level = columns[tree.feature[node]]
        at = np.arange(space.shape[axis])
        is_left = at <= tree.threshold[node] if level is None else at != level
        for child, side in ((tree.children_left[node], is_left), (tree.children_right[node], ~is_left)):
            left = box[axis] & side
            if left.any():
                waiting.append((int(child), [*box[:axis], left, *box[axis + 1 :]]))
