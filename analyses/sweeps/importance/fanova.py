"""Functional ANOVA of a random forest: shares of variance by hyperparameter and by pair, exact for each tree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

    from hpowh.analyses.sweeps.importance.surrogate import Trees

TREES = 64
PAIRS_AMONG = 8
"""Pairs are taken among so many hyperparameters, those with the largest main effects."""
TAUGHT = 1000
"""Configurations at which a teacher that sees products shows them to the forest."""
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


def forest_fanova(
    prepared: Prepared, metric: Floats, seed: int, r_squared: float | None = None, teacher: Trees | None = None
) -> Fanova:
    """Return the functional ANOVA of a random forest (Hutter, Hoos and Leyton-Brown, ICML 2014).

    Each tree is a partition into boxes, so its marginals are finite sums and its variances exact; shares are averaged
    over the trees. A categorical hyperparameter is one axis of level positions, uniform over its levels.

    Args:
        r_squared: the forest's cross-validated R squared where it is known already.
        teacher: trees that see products of features (`interactions`). Boxes cannot have products for axes, and a
            forest of 200 trials seldom finds two hyperparameters that matter only together; so, where the teacher
            has products, the forest also learns from its predictions at `TAUGHT` configurations whose
            hyperparameters are drawn independently of each other from those that were tried.
    """
    codes = prepared.codes
    domains = [dimension(column, codes[:, i]) for i, column in enumerate(prepared.used)]
    forest = _forest(seed).fit(*_lessons(prepared, np.arange(metric.size), metric, teacher, seed))
    boxes = [_boxes(tree.tree_, domains) for tree in forest.estimators_]
    k = len(domains)
    shares = [[tree.main(j) for j in range(k)] for tree in boxes if tree.variance > 0]
    main = np.array(shares) if shares else np.zeros((1, k))
    pair = {}
    for a, b in combinations(_paired(prepared, main.mean(axis=0), teacher), 2):
        found = np.array([t.pair(a, b) for t in boxes if t.variance > 0] or [0.0])
        pair[a, b] = (float(found.mean()), float(found.std()))
    if r_squared is None:
        r_squared = cross_validated(prepared, metric, seed)
    return Fanova(main.mean(axis=0), main.std(axis=0), pair, r_squared)


def _paired(prepared: Prepared, main: Floats, teacher: Trees | None) -> list[int]:
    """Return the hyperparameters whose pairs are looked at: the largest main effects and those of the products."""
    products = teacher.products if teacher else ()
    needed = {prepared.features[i].hyperparameter for product in products for i in (product.first, product.second)}
    return sorted({*np.argsort(-main, kind="stable")[:PAIRS_AMONG].tolist(), *needed})


def _lessons(
    prepared: Prepared, rows: NDArray[np.int64], metric: Floats, teacher: Trees | None, seed: int
) -> tuple[Floats, Floats]:
    """Return what the forest is fitted to: trials, and what a teacher with products says of other configurations."""
    codes = prepared.codes[rows]
    if teacher is None or not teacher.products:
        return codes, metric[rows]
    random = np.random.default_rng(seed)
    drawn = np.column_stack([random.choice(codes[:, j], TAUGHT) for j in range(codes.shape[1])])
    return np.vstack([codes, drawn]), np.concatenate([metric[rows], teacher.predict(prepared.encode(drawn))])


def _forest(seed: int) -> RandomForestRegressor:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(TREES, max_features=5 / 6, random_state=seed, n_jobs=min(8, os.cpu_count() or 1))


def cross_validated(prepared: Prepared, metric: Floats, seed: int, teachers: Sequence[Trees] | None = None) -> float:
    """Return the forest's out-of-fold R squared, on the folds that the other surrogate uses.

    Args:
        teachers: of each fold, the trees fitted to the trials outside it.
    """
    from hpowh.analyses.sweeps.importance.surrogate import folds

    error = 0.0
    for number, part in enumerate(folds(metric.size, seed)):
        rest = np.setdiff1d(np.arange(metric.size), part)
        teacher = teachers[number] if teachers else None
        forest = _forest(seed).fit(*_lessons(prepared, rest, metric, teacher, seed))
        forest.set_params(n_jobs=1)  # threads add up predictions in any order
        error += float(((metric[part] - forest.predict(prepared.codes[part])) ** 2).sum())
    return 1 - error / float(((metric - metric.mean()) ** 2).sum())


@dataclass(frozen=True, kw_only=True)
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
        first, last, width = self._cells[j]
        weight = self.value * self._rest(j)
        change = np.bincount(first, weight, width.size + 1) - np.bincount(last, weight, width.size + 1)
        marginal = np.cumsum(change)[:-1]
        return float(width @ (marginal - self.mean) ** 2) / self.variance

    def pair(self, a: int, b: int) -> float:
        """Return the share of the interaction of a and b: the pair's marginal without both main effects."""
        first_a, last_a, width_a = self._cells[a]
        first_b, last_b, width_b = self._cells[b]
        weight = self.value * self._rest(a, b)
        shape = (width_a.size + 1, width_b.size + 1)
        change = np.zeros(shape[0] * shape[1])
        for at_a, at_b, sign in (
            (first_a, first_b, 1),
            (first_a, last_b, -1),
            (last_a, first_b, -1),
            (last_a, last_b, 1),
        ):
            change += np.bincount(at_a * shape[1] + at_b, sign * weight, change.size)
        joint = change.reshape(shape).cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
        rest = joint - (joint @ width_b)[:, None] - (width_a @ joint)[None, :] + self.mean
        return float(width_a @ (rest * rest) @ width_b) / self.variance

    def _rest(self, *axes: int) -> Floats:
        """Return each box's mass over all other axes."""
        size = self.upper - self.lower
        keep = [j for j in range(size.shape[1]) if j not in axes]
        return size[:, keep].prod(axis=1)

    @cached_property
    def _cells(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
        """Return per axis the first cell of every box, the one after its last, and the widths of the cells.

        A marginal is then a running sum of what begins and ends at each cell, in time of leaves and cells.
        """
        cells = []
        for j in range(self.lower.shape[1]):
            edges = np.unique(np.concatenate([self.lower[:, j], self.upper[:, j], [0.0, 1.0]]))
            first, last = np.searchsorted(edges, self.lower[:, j]), np.searchsorted(edges, self.upper[:, j])
            cells.append((first, last, np.diff(edges)))
        return cells


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
    return Boxes(
        lower=low_corner,
        upper=high_corner,
        value=values,
        mass=mass,
        mean=mean,
        variance=float(mass @ (values - mean) ** 2),
    )
