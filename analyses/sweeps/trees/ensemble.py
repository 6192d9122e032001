"""Ensembles of regression trees as values: extremely randomised ones, and forests of best cuts on resampled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tree:
    """One tree: nodes with children after their parent; the feature of a leaf is negative."""

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Grown trees, arrays of (trees, nodes); a right child stands next to the left one."""

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    gain: Floats
    """(trees, features): shares of each tree's fall of the squared error; all 0 in a tree without a cut."""

    def predict(self, x: Floats) -> Floats:
        """Return the mean prediction of each row of (rows, features)."""
        from hpowh.analyses.sweeps.trees import kernels

        return kernels.mean(np.ascontiguousarray(x), self.feature, self.threshold, self.left, self.value)

    def every(self, x: Floats) -> Floats:
        """Return each tree's prediction of each row, (trees, rows)."""
        from hpowh.analyses.sweeps.trees import kernels

        return kernels.every(np.ascontiguousarray(x), self.feature, self.threshold, self.left, self.value)

    def trees(self) -> Sequence[Tree]:
        """Return the trees one by one."""
        parts = self.feature, self.threshold, self.left, self.right, self.value
        return [Tree(*(part[i] for part in parts)) for i in range(len(self.feature))]


def _grown(x: Floats, y: Floats, weight: Floats | None, *more: int | bool) -> Ensemble:
    from hpowh.analyses.sweeps.trees import kernels

    weights = np.ones(y.size) if weight is None else np.ascontiguousarray(weight, dtype=float)
    columns = np.ascontiguousarray(np.asarray(x, dtype=float).T)
    parts = kernels.grow(columns, np.ascontiguousarray(y, dtype=float), weights, *more)
    names = ("feature", "threshold", "left", "right", "value", "gain")
    return Ensemble(**dict(zip(names, parts, strict=True)))


def extra_trees(
    x: Floats, y: Floats, seed: int, *, trees: int, least_leaf: int = 1, weight: Floats | None = None
) -> Ensemble:
    """Return extremely randomised trees (Geurts, Ernst and Wehenkel 2006): all rows, one random cut a feature.

    Args:
        x: (rows, features), finite. y: (rows,), finite.
        least_leaf: rows that a leaf has at least.
        weight: of each row, positive; None: all the same.
    """
    return _grown(x, y, weight, trees, x.shape[1], least_leaf, True, False, seed)


def random_forest(
    x: Floats,
    y: Floats,
    seed: int,
    *,
    trees: int,
    least_leaf: int = 1,
    share_of_features: float = 1.0,
    weight: Floats | None = None,
) -> Ensemble:
    """Return a random forest (Breiman 2001): rows drawn with replacement for each tree, the best cut in each node."""
    tried = max(1, int(share_of_features * x.shape[1]))
    return _grown(x, y, weight, trees, tried, least_leaf, False, True, seed)


def best_tree(x: Floats, y: Floats, *, least_leaf: int = 1) -> Ensemble:
    """Return the one tree of all rows and best cuts (Breiman et al. 1984)."""
    return _grown(x, y, None, 1, x.shape[1], least_leaf, False, False, 0)
