"""The size of trained models, counted by hand or by the libraries' own words for it."""

from __future__ import annotations

import math

import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from hpowh.analyses.evaluate.job import load_into
from hpowh.analyses.evaluate.sizes import parameter_count

X, Y = load_iris(return_X_y=True)


def test_counts_by_hand():
    assert parameter_count(DecisionTreeClassifier(max_depth=1).fit(X, Y)) == 3  # a split and two leaves
    forest = RandomForestClassifier(5, max_depth=1, random_state=0).fit(X, Y)
    assert parameter_count(forest) == 5 * 3
    boosting = GradientBoostingClassifier(n_estimators=4, max_depth=1).fit(X, Y)
    assert parameter_count(boosting) == 4 * 3 * 3  # a tree a class
    hist = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=2).fit(X, Y)
    assert parameter_count(hist) == 2 * 3 * 3
    assert parameter_count(LogisticRegression(max_iter=500).fit(X, Y)) == 4 * 3 + 3
    network = MLPClassifier((7,), max_iter=2, random_state=0)
    with pytest.warns(match="iterations"):
        network.fit(X, Y)
    assert parameter_count(network) == 4 * 7 + 7 + 7 * 3 + 3
    machine = SVC().fit(X, Y)
    held = int(machine.n_support_.sum())
    assert parameter_count(make_pipeline(StandardScaler(), machine)) == held * 4 + held * 2 + 3
    assert math.isnan(parameter_count(DummyClassifier().fit(X, Y)))


def test_xgboost_counts_the_trees_that_answer():
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=1).fit(X, Y)
    assert parameter_count(model) == 3 * 3 * 3
    model.get_booster().set_attr(best_iteration="0")
    assert parameter_count(model) == 3 * 3


def test_lightgbm_counts_the_trees_that_answer():
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=2, verbose=-1).fit(X, Y)
    assert parameter_count(model) == 3 * 3 * 3
    model.booster_.best_iteration = 1
    assert parameter_count(model) == 3 * 3


SPEC = """
name = "sized"
metrics = ["accuracy", "parameter_count"]
folds = 2
[[data]]
name = "iris"
[[model]]
name = "boosting"
kind = "gradient_boosting"
fidelity = "steps"
fidelities = [1, 2, 4]
[model.space]
max_depth = [1]
"""


def test_each_fidelity_has_its_size_and_no_landscape_is_of_it_unless_named(run, tmp_path, warehouse):
    found = run(SPEC).filter(metric="parameter_count")
    assert sorted(set(zip(found["fidelity"], found["value"], strict=True))) == [(1, 9.0), (2, 18.0), (4, 36.0)]
    load_into(warehouse, tmp_path / "out", "sized")
    assert warehouse.sql("select unit, direction from core.metric where name = 'parameter_count'").rows() == [
        ("parameters", "min")
    ]
