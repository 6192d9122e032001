"""Train against test: how large the gap is, what explains it, and where the two rankings part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.fanova import decompose
from hpowh.analyses.landscapes.one.surrogate import encode
from hpowh.analyses.landscapes.values import Metric, metric, pearson

MIN_CONFIGURATIONS = 20
REGION_DEPTH = 3


@dataclass(frozen=True)
class Overfitting:
    """The gap between test and train loss of one benchmark."""

    metrics: list[Metric]
    nodes: dict[str, NDArray]
    """Columns of `landscape_gap_node`."""
    hyperparameters: list[dict[str, Any]]
    """Rows of `landscape_gap`."""
    region: str | None
    """The region in which the two rankings part most, as a condition on levels; None where there is none."""
    warnings: list[str] = field(default_factory=list)
    """What must be said beside the numbers."""


def measure_overfitting(
    train: Surface, test: Surface, *, seed: int = 0, labels: Mapping[int, Sequence[str]] | None = None
) -> Overfitting:
    """Compare the landscapes of the train and of the test loss.

    The gap is `test - train` for every configuration that has both. Its variance is decomposed exactly where the grid
    is complete; impurity importances of a random forest on the gap are given in any case.

    Args:
        labels: of the levels, by the hyperparameter's position; the region is told in levels' numbers without.

    Raises:
        LandscapeError: the spaces differ or no configuration has both losses.
    """
    if train.space != test.space:
        raise LandscapeError("Train and test loss belong to different search spaces.")
    ranks, in_train, in_test = np.intersect1d(train.ranks, test.ranks, assume_unique=True, return_indices=True)
    if not ranks.size:
        raise LandscapeError("No configuration has both a train and a test loss.")
    one = Surface(space=train.space, ranks=ranks, loss=train.loss[in_train])
    two = Surface(space=test.space, ranks=ranks, loss=test.loss[in_test])
    gap = two.loss - one.loss
    x, y = one.average_rank, two.average_rank
    carried = float(two.loss[one.optima].mean() - two.loss.min())
    metrics = [
        metric("gap_spearman", pearson(x, y), "train or test loss is constant", ranks.size),
        metric("gap_mean", float(gap.mean()), pair_count=ranks.size),
        metric("gap_median", float(np.median(gap)), pair_count=ranks.size),
        metric("gap_positive_share", float(np.mean(gap > 0)), pair_count=ranks.size),
        metric("gap_shake_up", float(np.abs(x - y).mean()) / ranks.size, pair_count=ranks.size),
        metric("gap_regret", carried, pair_count=ranks.size),
    ]
    nodes = {
        "configuration_id": ranks,
        "train_loss": one.loss,
        "test_loss": two.loss,
        "gap": gap,
        "train_rank": x,
        "test_rank": y,
    }
    region = _region(train, ranks, x - y, seed, labels or {}) if ranks.size >= MIN_CONFIGURATIONS else None
    return Overfitting(metrics, nodes, _explain(train, ranks, gap, seed), region)


def _explain(train: Surface, ranks: NDArray[np.int64], gap: NDArray[np.float64], seed: int) -> list[dict[str, Any]]:
    from sklearn.ensemble import RandomForestRegressor

    space = train.space
    reason, shares, trees = None, None, None
    if gap.min() == gap.max():
        reason = "the gap is the same everywhere"
    elif ranks.size < MIN_CONFIGURATIONS:
        reason = f"{ranks.size} configurations are too few"
    else:
        forest = RandomForestRegressor(64, min_samples_leaf=2, random_state=seed, n_jobs=1)
        forest.fit(encode(space, ranks), gap)
        trees = _by_axis(train, forest.feature_importances_)
        if ranks.size == space.cardinality:
            shares = decompose(gap.reshape(space.shape), with_pairs=False)
        else:
            reason = "exact shares need a complete grid"
    return [
        {
            "position": axis.position,
            "hyperparameter": axis.name,
            "main_share": shares and shares.share(float(shares.main[j])),
            "total_share": shares and shares.share(float(shares.total[j])),
            "tree_importance": None if trees is None else float(trees[j]),
            "reason": reason,
        }
        for j, axis in enumerate(space.axes)
    ]


def _by_axis(surface: Surface, importances: NDArray[np.float64]) -> list[float]:
    """Add up the importances of the indicators that belong to one hyperparameter."""
    found, at = [], 0
    for size, flag in zip(surface.space.shape, surface.space.ordinal, strict=True):
        width = 1 if flag or size <= 2 else size
        found.append(float(importances[at : at + width].sum()))
        at += width
    return found


def _region(
    train: Surface, ranks: NDArray[np.int64], shift: NDArray[np.float64], seed: int, labels: Mapping[int, Sequence[str]]
) -> str | None:
    """Return the leaf of a small tree in which the rankings are farthest apart, as conditions on hyperparameters.

    None where such a tree, cross-validated, explains nothing of how far apart they are. A category is a feature of its
    own: the tree asks whether a configuration has it.
    """
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.tree import DecisionTreeRegressor

    space = train.space
    features, meaning = _features(space, ranks)
    apart = np.abs(shift)
    leaf = max(5, ranks.size // 50)
    tree = DecisionTreeRegressor(max_depth=REGION_DEPTH, min_samples_leaf=leaf, random_state=seed)
    predicted = cross_val_predict(tree, features, apart, cv=KFold(5, shuffle=True, random_state=seed))
    if not np.sum((apart - predicted) ** 2) < np.sum((apart - apart.mean()) ** 2):
        return None
    inner = tree.fit(features, apart).tree_
    if inner.node_count < 2:
        return None
    leaves = np.flatnonzero(inner.children_left < 0)
    node = int(leaves[np.argmax(inner.value[leaves, 0, 0])])
    parents = {int(child): (i, side) for i in range(inner.node_count) for side, child in (
        ("<=", inner.children_left[i]), (">", inner.children_right[i])) if child >= 0}  # fmt: skip
    left = [np.isin(np.arange(size), space.levels(ranks, axis)) for axis, size in enumerate(space.shape)]
    asked: list[int] = []
    while node in parents:
        node, side = parents[node]
        axis, category = meaning[int(inner.feature[node])]
        level = np.arange(space.shape[axis])
        above = level == category if category is not None else level > inner.threshold[node]
        left[axis] = left[axis] & (above if side == ">" else ~above)
        asked.append(axis)
    return " and ".join(_condition(space, axis, left[axis], labels) for axis in dict.fromkeys(reversed(asked)))


def _features(space: Space, ranks: NDArray[np.int64]) -> tuple[NDArray[np.float64], list[tuple[int, int | None]]]:
    """Return an ordinal's level as a number, a categorical's as one indicator a level; and what each column is of."""
    columns: list[NDArray] = []
    meaning: list[tuple[int, int | None]] = []
    for axis, (size, flag) in enumerate(zip(space.shape, space.ordinal, strict=True)):
        level = space.levels(ranks, axis)
        for category in [None] if flag else range(size):
            columns.append(level if category is None else level == category)
            meaning.append((axis, category))
    return np.column_stack(columns).astype(np.float64), meaning


def _condition(space: Space, axis: int, left: NDArray[np.bool_], labels: Mapping[int, Sequence[str]]) -> str:
    """Return the levels of a hyperparameter that are left in words, by their labels where these are known."""
    name, size = space.names[axis], space.shape[axis]
    known = labels.get(space.axes[axis].position, ())
    levels = np.flatnonzero(left).tolist()
    named = [known[level] if level < len(known) else f"level {level}" for level in levels]
    if len(named) == 1:
        return f"{name} is {named[0]}"
    if not space.ordinal[axis]:
        return f"{name} is one of {', '.join(named)}"
    if levels[-1] == size - 1:
        return f"{name} is {named[0]} or above"
    return f"{name} is {named[-1]} or below" if levels[0] == 0 else f"{name} is {named[0]} to {named[-1]}"
