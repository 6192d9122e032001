"""Functional ANOVA of a forest beside its definition: predictions averaged cell by cell over a product of intervals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.importance import fanova
from hpowh.analyses.sweeps.importance.fanova import (
    GRID_LIMIT,
    PAIRS_AMONG,
    TREES,
    cross_validated,
    dimension,
    forest_fanova,
)
from hpowh.analyses.sweeps.importance.surrogate import folds
from hpowh.analyses.sweeps.reading.columns import Declared, read_column
from hpowh.analyses.sweeps.reading.prepare import prepare
from hpowh.analyses.sweeps.trees.ensemble import random_forest


def forest(prepared, rows, metric, seed: int, size: int = TREES):
    return random_forest(prepared.codes[rows], metric[rows], seed, trees=size, share_of_features=5 / 6)


def follow(tree, row: np.ndarray) -> float:
    node = 0
    while tree.feature[node] >= 0:
        side = tree.left if row[tree.feature[node]] <= tree.threshold[node] else tree.right
        node = side[node]
    return float(tree.value[node])


def cells(tree, j: int, domain: tuple[float, float] | list[float]) -> tuple[np.ndarray, np.ndarray]:
    """One point and the share of the domain of every cell between two cuts of a hyperparameter."""
    if isinstance(domain, list):
        return np.array(domain), np.full(len(domain), 1 / len(domain))
    low, high = domain
    cuts = np.unique([low, high, *tree.threshold[tree.feature == j].clip(low, high)])
    return (cuts[:-1] + cuts[1:]) / 2, np.diff(cuts) / (high - low)


def plain_shares(tree, domains: list) -> tuple[list[float], dict[tuple[int, int], float]] | None:
    """Main effects and interactions of one tree as shares of its variance over the whole domain."""
    points, weights = zip(*(cells(tree, j, one) for j, one in enumerate(domains)), strict=True)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*points, indexing="ij")], axis=1)
    value = np.array([follow(tree, row) for row in grid]).reshape([len(one) for one in points])
    everywhere = np.einsum("abc,a,b,c->", value, *weights)
    variance = np.einsum("abc,a,b,c->", (value - everywhere) ** 2, *weights)
    if variance <= 0:
        return None
    main, pair = [], {}
    for j in range(3):
        others = [w if i != j else None for i, w in enumerate(weights)]
        effect = marginal(value, others) - everywhere
        main.append(float(weights[j] @ effect**2 / variance))
    for a, b in combinations(range(3), 2):
        joint = marginal(value, [w if i not in (a, b) else None for i, w in enumerate(weights)])
        beyond = joint - (joint @ weights[b])[:, None] - (weights[a] @ joint)[None, :] + everywhere
        pair[a, b] = float(weights[a] @ beyond**2 @ weights[b] / variance)
    return main, pair


def marginal(value: np.ndarray, weights: list[np.ndarray | None]) -> np.ndarray:
    """Average over the axes that have weights."""
    for axis in reversed(range(len(weights))):
        if weights[axis] is not None:
            value = np.tensordot(value, weights[axis], axes=(axis, 0))
    return value


def test_shares_are_those_of_averaging_every_cell():
    """A declared range wider than what was tried, one on the log scale, and few numbers as levels."""
    random = np.random.default_rng(0)
    n = 40
    x, rate, layers = random.uniform(0.2, 0.9, n), 10 ** random.uniform(-3, -1, n), random.integers(1, 5, n)
    metric = 3 * x + np.log10(rate) * layers + (x > 0.5) * (layers == 2) + 0.1 * random.normal(size=n)
    prepared = prepare([
        column("x", x.tolist(), Declared(value_type="float", scale="linear", lower=0.0, upper=2.0)),
        column("rate", rate.tolist(), Declared(value_type="float", scale="log", lower=1e-4, upper=1e-1)),
        column("layers", layers.tolist()),
    ])  # fmt: skip
    found = forest_fanova(prepared, metric, 5, r_squared=0.25)
    trees = forest(prepared, np.arange(n), metric, 5).trees()
    shares = [
        one for one in (plain_shares(tree, [(0.0, 2.0), (-4.0, -1.0), [1.0, 2.0, 3.0, 4.0]]) for tree in trees) if one
    ]
    assert found.main == pytest.approx(np.mean([main for main, _ in shares], axis=0))
    assert found.main_sd == pytest.approx(np.std([main for main, _ in shares], axis=0))
    for ab in combinations(range(3), 2):
        each = [pair[ab] for _, pair in shares]
        assert found.pair[ab] == (pytest.approx(np.mean(each)), pytest.approx(np.std(each)))
    assert found.r_squared == 0.25


def test_out_of_fold_r_squared_is_that_of_a_plain_loop(monkeypatch):
    monkeypatch.setattr(fanova, "FEWER_TREES", 6)
    random = np.random.default_rng(1)
    x, z = random.uniform(size=(2, 30))
    metric = 2 * x + z + 0.1 * random.normal(size=30)
    prepared = prepare([column("x", x.tolist()), column("z", z.tolist())])
    predicted = np.empty(30)
    for part in folds(30, 3):
        rest = [i for i in range(30) if i not in part]
        predicted[part] = forest(prepared, rest, metric, 3, 6).predict(prepared.codes[part])
    wanted = 1 - ((metric - predicted) ** 2).sum() / ((metric - metric.mean()) ** 2).sum()
    assert cross_validated(prepared, metric, 3) == pytest.approx(wanted)


def test_a_metric_that_no_tree_can_split_has_no_shares():
    prepared = prepare([column("x", np.linspace(0, 1, 30).tolist()), column("k", ["a", "b"] * 15)])
    found = forest_fanova(prepared, np.ones(30), 0, r_squared=0.0)
    assert found.main.tolist() == [0.0, 0.0]
    assert found.pair == {(0, 1): (0.0, 0.0)}


def test_pairs_are_taken_among_those_with_the_largest_main_effects(monkeypatch):
    monkeypatch.setattr(fanova, "TREES", 12)
    random = np.random.default_rng(2)
    x = random.uniform(size=(60, PAIRS_AMONG + 2))
    weights = np.array([5.0, 0.0, 4.0, 5.0, 4.0, 5.0, 4.0, 0.0, 5.0, 4.0])
    prepared = prepare([column(f"x{j}", x[:, j].tolist()) for j in range(PAIRS_AMONG + 2)])
    found = forest_fanova(prepared, x @ weights, 0, r_squared=0.0)
    among = sorted(np.argsort(-found.main)[:PAIRS_AMONG].tolist())
    assert list(found.pair) == list(combinations(among, 2))


def domain_of(values: list, declared: Declared | None = None) -> tuple[list[float], bool]:
    prepared = prepare([column("x", values, declared)])
    found = dimension(prepared.used[0], prepared.codes[:, 0])
    return found.points.tolist(), found.is_levels


def test_domains():
    few, many = [float(i) for i in range(GRID_LIMIT)] * 2, [float(i) for i in range(GRID_LIMIT + 1)] * 2
    assert domain_of(few) == ([float(i) for i in range(GRID_LIMIT)], True)
    assert domain_of(many) == ([0.0, float(GRID_LIMIT)], False)
    assert domain_of([*few, None]) == ([0.0, GRID_LIMIT - 1.0], False)  # an imputed mean is no level
    assert domain_of(["a", "b", "c"] * 5) == ([0.0, 1.0, 2.0], True)
    assert domain_of(many, Declared(value_type="float", scale="linear", lower=-5.0, upper=50.0)) == (
        [-5.0, 50.0],
        False,
    )
    assert domain_of(many, Declared(value_type="float", scale="linear", lower=5.0, upper=10.0)) == (
        [0.0, float(GRID_LIMIT)],
        False,
    )
    assert domain_of(many, Declared(value_type="float", scale="linear", lower=None, upper=50.0)) == (
        [0.0, float(GRID_LIMIT)],
        False,
    )
    ends, is_levels = domain_of(
        [v + 1 for v in many], Declared(value_type="float", scale="log", lower=0.1, upper=1000.0)
    )
    assert (ends, is_levels) == ([pytest.approx(-1.0), pytest.approx(3.0)], False)


def test_the_mass_to_the_left_of_a_cut():
    levels = dimension(read_column(column("x", [1.0, 2.0, 4.0] * 5)), np.array([1.0, 2.0, 4.0]))
    assert levels.mass(np.array([0.5, 1.0, 1.5, 3.0, 4.5])) == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 1])
    values = np.linspace(2.0, 6.0, 50)
    interval = dimension(read_column(column("x", values.tolist())), values)
    assert interval.mass(np.array([1.0, 2.0, 3.0, 6.0, 9.0])) == pytest.approx([0, 0, 0.25, 1, 1])
