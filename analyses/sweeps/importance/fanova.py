"""Functional ANOVA of a random forest: shares of variance by hyperparameter and by pair, exact for each tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.surrogate import Trees, folds
from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.patterns import GRID_LIMIT
from hpowh.analyses.sweeps.reading.prepare import Prepared
from hpowh.analyses.sweeps.trees.ensemble import Ensemble, Tree, random_forest

TREES = 64
FEWER_TREES = 32
"""In the folds."""
SHARE, WIDE_SHARE, WIDE = 5 / 6, 1 / 3, 50
"""Share of the hyperparameters that a node looks at; where they are more than `WIDE`, the smaller one."""
PAIRS_AMONG = 8
"""Pairs are taken among so many hyperparameters, those with the largest main effects."""
TAUGHT = 500
"""Configurations at which a teacher that sees products shows them to the forest."""


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
    prepared: Prepared,
    metric: Floats,
    seed: int,
    r_squared: float | None = None,
    teacher: Trees | None = None,
    weight: Floats | None = None,
) -> Fanova:
    """Return the functional ANOVA of a random forest (Hutter, Hoos and Leyton-Brown, ICML 2014).

    Each tree is a partition into boxes, so its marginals are finite sums and its variances exact; shares are averaged
    over the trees. A categorical hyperparameter is one axis of level positions, uniform over its levels.

    Args:
        r_squared: the forest's cross-validated R squared where it is known already.
        teacher: trees that see products of features (`interactions`). Boxes cannot have products for axes, and a
            forest of 200 trials seldom finds two hyperparameters that matter only together; so, where the teacher
            has products, the forest also learns from its predictions at `TAUGHT` configurations whose
            hyperparameters are drawn independently of each other from those that were tried. The forest's leaves
            have at least as many configurations as the teacher's.
        weight: of each configuration, with mean 1.
    """
    codes = prepared.codes
    domains = [dimension(column, codes[:, i]) for i, column in enumerate(prepared.used)]
    forest = _forest(prepared, np.arange(metric.size), metric, teacher, seed, weight, TREES)
    boxes = [_boxes(tree, domains) for tree in forest.trees()]
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


def _forest(
    prepared: Prepared,
    rows: NDArray[np.int64],
    metric: Floats,
    teacher: Trees | None,
    seed: int,
    weight: Floats | None,
    trees: int,
) -> Ensemble:
    """Return a forest of trials, and of what a teacher with products says of other configurations."""
    x, y = prepared.codes[rows], metric[rows]
    w = np.ones(rows.size) if weight is None else weight[rows]
    if teacher is not None and teacher.products:
        random = np.random.default_rng(seed)
        drawn = np.column_stack([random.choice(x[:, j], TAUGHT) for j in range(x.shape[1])])
        x, y = np.vstack([x, drawn]), np.concatenate([y, teacher.predict(prepared.encode(drawn))])
        w = np.concatenate([w, np.ones(TAUGHT)])
    share = WIDE_SHARE if x.shape[1] > WIDE else SHARE
    least = teacher.least_leaf if teacher else 1
    return random_forest(x, y, seed, trees=trees, least_leaf=least, share_of_features=share, weight=w)


def cross_validated(
    prepared: Prepared,
    metric: Floats,
    seed: int,
    teachers: Sequence[Trees] | None = None,
    weight: Floats | None = None,
) -> float:
    """Return the forest's out-of-fold R squared, on the folds that the other surrogate uses.

    Args:
        teachers: of each fold, the trees fitted to the trials outside it.
    """
    error = 0.0
    w = np.ones(metric.size) if weight is None else weight
    trees = FEWER_TREES
    for number, part in enumerate(folds(metric.size, seed)):
        rest = np.setdiff1d(np.arange(metric.size), part)
        teacher = teachers[number] if teachers else None
        forest = _forest(prepared, rest, metric, teacher, seed, w, trees)
        error += float(w[part] @ (metric[part] - forest.predict(prepared.codes[part])) ** 2)
    return 1 - error / float(w @ (metric - np.average(metric, weights=w)) ** 2)


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


def _boxes(tree: Tree, domains: list[Dimension]) -> Boxes:
    from hpowh.analyses.sweeps.trees import kernels

    cuts = np.zeros(tree.feature.size)
    for j, domain in enumerate(domains):
        here = tree.feature == j
        cuts[here] = domain.mass(tree.threshold[here])
    lower, upper, is_leaf = kernels.boxes(tree.feature, cuts, tree.left, tree.right, len(domains))
    low, high, values = lower[is_leaf], upper[is_leaf], tree.value[is_leaf]
    mass = (high - low).prod(axis=1)
    mean = float(mass @ values)
    variance = float(mass @ (values - mean) ** 2)
    return Boxes(lower=low, upper=high, value=values, mass=mass, mean=mean, variance=variance)
