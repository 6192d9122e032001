"""Compiled trees: equal to scikit-learn's where those are determined, as good where they are drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.sweeps.trees.ensemble import best_tree, extra_trees, random_forest


def data(seed: int, n: int = 200):
    random = np.random.default_rng(seed)
    x = random.uniform(size=(n, 5))
    return x, 4 * x[:, 0] + 2 * x[:, 1] * x[:, 2] + 0.5 * random.normal(size=n)


@pytest.mark.parametrize("leaf", [5, 12])
def test_the_tree_of_best_cuts_is_that_of_scikit_learn(leaf):
    from sklearn.tree import DecisionTreeRegressor

    x, y = data(0)
    other = np.random.default_rng(1).uniform(size=(500, 5))
    theirs = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0).fit(x, y)
    ours = best_tree(x, y, least_leaf=leaf)
    assert ours.predict(other) == pytest.approx(theirs.predict(other))
    assert ours.gain[0] == pytest.approx(theirs.feature_importances_)


@pytest.mark.parametrize("leaf", [1, 8])
def test_ensembles_predict_as_well_as_those_of_scikit_learn(leaf):
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

    random = np.random.default_rng(2)
    other = random.uniform(size=(800, 5))
    truth = 4 * other[:, 0] + 2 * other[:, 1] * other[:, 2]
    x, y = data(3)

    def error(predicted: np.ndarray) -> float:
        return float(((predicted - truth) ** 2).mean())

    pairs = (
        (extra_trees(x, y, 0, trees=100, least_leaf=leaf), ExtraTreesRegressor(100, min_samples_leaf=leaf)),
        (random_forest(x, y, 0, trees=100, least_leaf=leaf), RandomForestRegressor(100, min_samples_leaf=leaf)),
    )
    for ours, theirs in pairs:
        wanted = error(theirs.set_params(random_state=0).fit(x, y).predict(other))
        assert error(ours.predict(other)) == pytest.approx(wanted, rel=0.25)


def test_a_tree_that_sees_all_rows_repeats_them_and_leaves_are_as_large_as_asked():
    x, y = data(4, 60)
    assert extra_trees(x, y, 0, trees=3).predict(x) == pytest.approx(y)
    tree = extra_trees(x, y, 0, trees=1, least_leaf=7)
    _, sizes = np.unique(tree.every(x)[0], return_counts=True)
    assert sizes.min() >= 7
    assert tree.every(x).mean(axis=0) == pytest.approx(tree.predict(x))


def test_a_weight_counts_as_often_as_the_row():
    x, y = data(5, 40)
    weight = np.where(np.arange(40) < 10, 3.0, 1.0)
    often = np.concatenate([np.arange(40), np.arange(10), np.arange(10)])
    assert best_tree(x[often], y[often]).predict(x) == pytest.approx(y)
    shallow = random_forest(x, y, 0, trees=1, least_leaf=20, weight=weight)
    assert np.unique(shallow.predict(x)).size <= 2


def test_the_seed_decides_and_constant_rows_make_no_cut():
    x, y = data(6, 50)
    assert (extra_trees(x, y, 1, trees=5).predict(x + 0.01) == extra_trees(x, y, 1, trees=5).predict(x + 0.01)).all()
    assert (extra_trees(x, y, 1, trees=5).predict(x + 0.1) != extra_trees(x, y, 2, trees=5).predict(x + 0.1)).any()
    flat = extra_trees(np.ones((20, 2)), np.arange(20.0), 0, trees=2)
    assert flat.predict(np.zeros((3, 2))) == pytest.approx([9.5] * 3)
    assert flat.gain.sum() == 0
