"""Functional ANOVA of a random forest: shares of variance by hyperparameter and by pair, exact for each tree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from hpowh.analyses.sweeps.columns import Column, Floats
from hpowh.analyses.sweeps.prepare import Prepared

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

TREES = 64
PAIRS_AMONG = 8
"""Pairs are taken among so many hyperparameters, those with the largest main effects."""
GRID_LIMIT = 20
"""Up to so many distinct numbers, a numeric hyperparameter counts as a list of equally likely levels."""


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter's domain in the forest: an interval, or equally likely levels."""

    points: Floats
    """Increasing: the two ends of an interval, or the levels."""
    is_levels: bool

    def mass(self, cuts: Floats) -> Floats:
        """Return the share of the domain that a tree sends to the left at each cut."""
        if self.is_levels:
            return np.searchsorted(self.points, cuts, side="right") / self.points.size
        return np.clip((cuts - self.points[0]) / (self.points[-1] - self.points[0]), 0.0, 1.0)


@dataclass(frozen=True)
class Fanova:
    """Shares of the forest's variance; means and standard deviations over trees."""

    main: Floats
    main_sd: Floats
    pair: dict[tuple[int, int], tuple[float, float]]
    """(a, b) -> share of the interaction beyond both main effects, and its standard deviation."""
    r_squared: float


def dimension(column: Column, values: Floats) -> Dimension:
    """Return the domain of a hyperparameter over which the forest's predictions are averaged, uniformly.

    Categorical: its levels. Numeric with few distinct numbers (no imputed one among them): those numbers. Else the
    declared range, or the range that was tried, on the scale that is used.
    """
    if column.kind == "categorical":
        return Dimension(np.arange(len(column.levels), dtype=float), True)
    distinct = np.unique(values)
    if distinct.size <= GRID_LIMIT and column.imputed_count == 0:
        return Dimension(distinct, True)
    low, high = float(distinct[0]), float(distinct[-1])
    declared = column.declared
    if declared and declared.lower is not None and declared.upper is not None:
        ends = np.array([declared.lower, declared.upper])
        ends = np.log10(ends) if column.is_log else ends
        low, high = min(low, float(ends[0])), max(high, float(ends[1]))
    return Dimension(np.array([low, high]), False)


def forest_fanova(prepared: Prepared, metric: Floats, seed: int, r_squared: float | None = None) -> Fanova:
    """Return the functional ANOVA of a random forest (Hutter, Hoos and Leyton-Brown, ICML 2014).

    Each tree is a partition into boxes, so its marginals are finite sums and its variances exact; shares are averaged
    over the trees. A categorical hyperparameter is one axis of level positions, uniform over its levels.

    Args:
        r_squared: the forest's cross-validated R squared where it is known already.
    """
    codes = prepared.codes
    domains = [dimension(column, codes[:, i]) for i, column in enumerate(prepared.used)]
    forest = _forest(seed).fit(codes, metric)
    boxes = [_boxes(tree.tree_, domains) for tree in forest.estimators_]
    k = len(domains)
    shares = [[tree.main(j) for j in range(k)] for tree in boxes if tree.variance > 0]
    main = np.array(shares) if shares else np.zeros((1, k))
    chosen = sorted(np.argsort(-main.mean(axis=0), kind="stable")[:PAIRS_AMONG].tolist())
    pair = {}
    for a, b in combinations(chosen, 2):
        found = np.array([t.pair(a, b) for t in boxes if t.variance > 0] or [0.0])
        pair[a, b] = (float(found.mean()), float(found.std()))
    if r_squared is None:
        r_squared = cross_validated(codes, metric, seed)
    return Fanova(main.mean(axis=0), main.std(axis=0), pair, r_squared)


def _forest(seed: int) -> RandomForestRegressor:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(TREES, max_features=5 / 6, random_state=seed, n_jobs=1)


def cross_validated(codes: Floats, metric: Floats, seed: int) -> float:
    """Return the forest's out-of-fold R squared, on the folds that the other surrogate uses."""
    from hpowh.analyses.sweeps.surrogate import folds

    error = 0.0
    for part in folds(metric.size, seed):
        rest = np.setdiff1d(np.arange(metric.size), part)
        guess = _forest(seed).fit(codes[rest], metric[rest]).predict(codes[part])
        error += float(((metric[part] - guess) ** 2).sum())
    return 1 - error / float(((metric - metric.mean()) ** 2).sum())


@dataclass(frozen=True)
class Boxes:
    """The leaves of one tree as boxes in mass coordinates: each axis is [0, 1]."""

    lower: Floats
    upper: Floats
    """(leaves, hyperparameters)."""
    value: Floats
    mass: Floats
    mean: float
    variance: float

    def main(self, j: int) -> float:
        """Return the share of the variance of the marginal over hyperparameter j."""
        inside, width = self._cells(j)
        marginal = inside @ (self.value * self._rest(j))
        return float(width @ (marginal - self.mean) ** 2) / self.variance

    def pair(self, a: int, b: int) -> float:
        """Return the share of the interaction of a and b: the pair's marginal without both main effects."""
        in_a, width_a = self._cells(a)
        in_b, width_b = self._cells(b)
        joint = (in_a * (self.value * self._rest(a, b))) @ in_b.T
        rest = joint - (joint @ width_b)[:, None] - (width_a @ joint)[None, :] + self.mean
        return float(width_a @ (rest * rest) @ width_b) / self.variance

    def _rest(self, *axes: int) -> Floats:
        """Return each box's mass over all other axes."""
        size = self.upper - self.lower
        keep = [j for j in range(size.shape[1]) if j not in axes]
        return size[:, keep].prod(axis=1)

    def _cells(self, j: int) -> tuple[Floats, Floats]:
        """Return which cell of axis j lies in which box, (cells, leaves), and the cells' widths."""
        edges = np.unique(np.concatenate([self.lower[:, j], self.upper[:, j], [0.0, 1.0]]))
        middle = (edges[1:] + edges[:-1]) / 2
        inside = (middle[:, None] >= self.lower[None, :, j]) & (middle[:, None] < self.upper[None, :, j])
        return inside.astype(float), np.diff(edges)


def _boxes(tree: Any, domains: list[Dimension]) -> Boxes:
    k = len(domains)
    thresholds = np.zeros(tree.node_count)
    for j in range(k):
        here = tree.feature == j
        thresholds[here] = domains[j].mass(tree.threshold[here])
    lower, upper, value = [], [], []
    stack = [(0, np.zeros(k), np.ones(k))]
    while stack:
        node, low, high = stack.pop()
        left, right, j = tree.children_left[node], tree.children_right[node], tree.feature[node]
        if left < 0:
            lower.append(low)
            upper.append(high)
            value.append(float(tree.value[node, 0, 0]))
            continue
        cut = min(max(thresholds[node], low[j]), high[j])
        left_high, right_low = high.copy(), low.copy()
        left_high[j], right_low[j] = cut, cut
        if cut > low[j]:
            stack.append((left, low, left_high))
        if cut < high[j]:
            stack.append((right, right_low, high))
    low_corner, high_corner, values = np.array(lower), np.array(upper), np.array(value)
    mass = (high_corner - low_corner).prod(axis=1)
    mean = float(mass @ values)
    return Boxes(low_corner, high_corner, values, mass, mean, float(mass @ (values - mean) ** 2))
