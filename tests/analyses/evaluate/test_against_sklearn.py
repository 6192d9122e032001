"""The numbers are scikit-learn's own, to the last bit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hpowh.analyses.evaluate.folds import make_fold, nested_order
from hpowh.analyses.evaluate.metrics import Scorer, metric_info
from hpowh.analyses.evaluate.models import Recipe, recipe
from hpowh.analyses.evaluate.training import train

NAMES = ("accuracy", "log_loss", "balanced_accuracy", "f1_macro")
METRICS = [metric_info(name) for name in NAMES]


def score_all(model, features, target):
    return [get_scorer(metric.scorer)(model, features, target) for metric in METRICS]


def test_a_grid_equals_grid_search(run):
    """Every configuration, fold and split, against GridSearchCV on the same folds."""
    found = run().filter(pl.col("fidelity") == 1.0)
    grid = {"max_depth": [1, 2, 4], "criterion": ["gini", "entropy"]}
    search = GridSearchCV(
        DecisionTreeClassifier(random_state=0),
        grid,
        scoring={"accuracy": "accuracy", "log_loss": "neg_log_loss"},
        refit=False,
        return_train_score=True,
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
    ).fit(*load_iris(return_X_y=True))
    compared = 0
    for number, parameters in enumerate(search.cv_results_["params"]):
        rank = grid["max_depth"].index(parameters["max_depth"]) * 2 + grid["criterion"].index(parameters["criterion"])
        for fold in range(3):
            for split in ("train", "test"):
                for metric, sign in (("accuracy", 1), ("log_loss", -1)):
                    ours = found.filter(
                        configuration_id=rank, fold=fold, split=split, metric=metric
                    )["value"].item()  # fmt: skip
                    assert ours == sign * search.cv_results_[f"split{fold}_{split}_{metric}"][number]
                    compared += 1
    assert compared == 6 * 3 * 2 * 2 == found.height


@pytest.mark.parametrize(
    ("kind", "direct", "parameters"),
    [
        ("decision_tree", DecisionTreeClassifier(max_depth=3, random_state=1), {"max_depth": 3}),
        ("svm", make_pipeline(StandardScaler(), SVC(C=2.0, random_state=1)), {"C": 2.0}),
    ],
)
def test_folds_equal_cross_validate(kind, direct, parameters):
    features, target = load_breast_cancer(return_X_y=True)
    metrics = [metric_info("accuracy"), metric_info("roc_auc")]
    made = recipe(kind, None, "classification", {}, "fraction", None)
    theirs = cross_validate(
        direct,
        features,
        target,
        scoring=["accuracy", "roc_auc"],
        cv=StratifiedKFold(4, shuffle=True, random_state=1),
        return_train_score=True,
    )
    for number in range(4):
        fold = make_fold(features, target, number, is_classification=True, folds=4, seed=1, validation=None)
        scorer = Scorer(direct, metrics, 2)
        (scored,) = train(made, parameters, 1, fold, [1.0], scorer)
        for split, values in zip(("train", "test"), scored.values, strict=True):
            assert values == [theirs[f"{split}_accuracy"][number], theirs[f"{split}_roc_auc"][number]]


def test_regression_equals_cross_validate():
    features, target = load_diabetes(return_X_y=True)
    names = ["neg_mean_squared_error", "neg_mean_absolute_error", "r2"]
    theirs = cross_validate(
        DecisionTreeRegressor(max_depth=3, random_state=0),
        features,
        target,
        scoring=names,
        cv=KFold(3, shuffle=True, random_state=0),
    )
    made = recipe("decision_tree", None, "regression", {}, "fraction", None)
    scorer = Scorer(DecisionTreeRegressor(), [metric_info(name) for name in names], None)
    for number in range(3):
        fold = make_fold(features, target, number, is_classification=False, folds=3, seed=0, validation=None)
        (scored,) = train(made, {"max_depth": 3}, 0, fold, [1.0], scorer)
        assert scored.values[1] == [theirs[f"test_{name}"][number] for name in names]


STEPPED = [
    ("gradient_boosting", GradientBoostingClassifier, "n_estimators", {"subsample": 0.6, "max_features": 2}),
    ("gradient_boosting", GradientBoostingClassifier, "n_estimators", {"n_iter_no_change": 2, "learning_rate": 0.8}),
    ("random_forest", RandomForestClassifier, "n_estimators", {"max_depth": 3, "max_features": 1}),
    ("hist_gradient_boosting", HistGradientBoostingClassifier, "max_iter", {"max_leaf_nodes": 4, "max_features": 0.5}),
    ("mlp", MLPClassifier, "max_iter", {"hidden_layer_sizes": (7,), "batch_size": 16}),
    ("mlp", MLPClassifier, "max_iter", {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.01}),
    ("mlp", MLPClassifier, "max_iter", {"early_stopping": True, "n_iter_no_change": 2, "learning_rate_init": 0.05}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("kind", "maker", "parameter", "given"), STEPPED, ids=[f"{s[0]}-{i}" for i, s in enumerate(STEPPED)]
)
def test_one_training_serves_all_fidelities(kind, maker, parameter, given):
    """What is measured on the way is what a training of that length of its own gives."""
    features, target = load_iris(return_X_y=True)
    fold = make_fold(features, target, 1, is_classification=True, folds=3, seed=5, validation=None)
    made = recipe(kind, None, "classification", {}, "steps", None)
    steps = [2, 5, 11, 30]
    found = list(train(made, given, 5, fold, steps, Scorer(maker(), METRICS, 3)))
    assert len(found) == len(steps)
    for step, scored in zip(steps, found, strict=True):
        more = {"early_stopping": False} if kind == "hist_gradient_boosting" else {}
        direct = maker(**given, **{parameter: step}, **more, random_state=5)
        model = make_pipeline(StandardScaler(), direct) if kind == "mlp" else direct
        model.fit(fold.features["train"], fold.targets["train"])
        for split, values in zip(("train", "test"), scored.values, strict=True):
            assert values == score_all(model, fold.features[split], fold.targets[split]), (step, split)
    assert [s.seconds for s in found] == sorted(s.seconds for s in found)


def test_boosting_of_numbers_is_read_off_one_training():
    features, target = load_diabetes(return_X_y=True)
    fold = make_fold(features, target, 0, is_classification=False, folds=3, seed=2, validation=0.2)
    made = recipe("gradient_boosting", None, "regression", {}, "steps", None)
    metrics = [metric_info("mean_squared_error"), metric_info("r2")]
    given = {"subsample": 0.7, "max_depth": 2}
    steps = [1, 4, 9]
    found = list(train(made, given, 2, fold, steps, Scorer(GradientBoostingRegressor(), metrics, None)))
    for step, scored in zip(steps, found, strict=True):
        direct = GradientBoostingRegressor(**given, n_estimators=step, random_state=2)
        direct.fit(fold.features["train"], fold.targets["train"])
        for split, values in zip(("train", "valid", "test"), scored.values, strict=True):
            assert values == [get_scorer(m.scorer)(direct, fold.features[split], fold.targets[split]) for m in metrics]


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("names", [("accuracy",), ("log_loss",), ("accuracy", "log_loss", "f1_macro"), ("f1_macro",)])
def test_trees_without_further_checks_are_the_same_trees(share, names):
    features, target = load_breast_cancer(return_X_y=True)
    fold = make_fold(features, target, 1, is_classification=True, folds=4, seed=3, validation=0.25)
    metrics = [metric_info(name) for name in names]
    made = recipe("decision_tree", None, "classification", {}, "fraction", None)
    given = {"max_features": 0.5, "min_samples_leaf": 3}
    (scored,) = train(made, given, 3, fold, [share], Scorer(DecisionTreeClassifier(), metrics, 2))
    rows, labels = fold.fraction(share)
    direct = DecisionTreeClassifier(**given, random_state=3).fit(rows, labels)
    looked_at = {"train": (rows, labels)} | {s: (fold.features[s], fold.targets[s]) for s in ("valid", "test")}
    for split, values in zip(("train", "valid", "test"), scored.values, strict=True):
        assert values == [get_scorer(metric.scorer)(direct, *looked_at[split]) for metric in metrics]


def test_partial_fit_of_any_model_counts_epochs():
    features, target = load_iris(return_X_y=True)
    fold = make_fold(features, target, 0, is_classification=True, folds=3, seed=0, validation=None)
    made = Recipe("sklearn.linear_model.SGDClassifier", {"loss": "log_loss"}, False, "partial_fit")
    found = list(train(made, {"alpha": 0.01}, 0, fold, [1, 4], Scorer(SGDClassifier(loss="log_loss"), METRICS, 3)))
    direct = SGDClassifier(loss="log_loss", alpha=0.01, random_state=0)
    for epoch in range(4):
        direct.partial_fit(fold.features["train"], fold.targets["train"], classes=[0, 1, 2])
        if epoch in (0, 3):
            expected = score_all(direct, fold.features["test"], fold.targets["test"])
            assert found[epoch > 0].values[1] == expected


def test_quick_metrics_equal_scikit_learn_to_the_last_bit():
    """On many random predictions, with probabilities of 0 and 1 and classes that are missing."""

    class Model:
        _estimator_type = "classifier"

        def __init__(self, probabilities):
            self.probabilities, self.classes_ = probabilities, np.arange(probabilities.shape[1])

        def fit(self, features, target):
            return self

        def predict(self, features):
            return self.probabilities.argmax(axis=1)

        def predict_proba(self, features):
            return self.probabilities

        def __sklearn_tags__(self):
            return DecisionTreeClassifier().__sklearn_tags__()

    rng = np.random.default_rng(3)
    for case in range(60):
        classes, rows = int(rng.integers(2, 6)), int(rng.integers(12, 90))
        raw = rng.dirichlet(np.full(classes, 0.2), rows)
        raw[rng.random(rows) < 0.2] = np.eye(classes)[0]
        target = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
        model = Model(raw)
        metrics = METRICS[:3]
        ours = Scorer(model, metrics, classes)(model, np.zeros((rows, 1)), target)
        theirs = [get_scorer(m.scorer)(model, np.zeros((rows, 1)), target) for m in metrics]
        assert ours == theirs, case


def test_fractions_are_nested_and_keep_the_classes():
    rng = np.random.default_rng(0)
    classes = rng.choice(4, size=400, p=[0.02, 0.08, 0.3, 0.6])
    order = nested_order(classes, classes.size, np.random.default_rng([1, 2]))
    assert sorted(order) == list(range(400))
    assert set(classes[order[:4]]) == {0, 1, 2, 3}
    whole = np.bincount(classes) / 400
    for size in (40, 100, 250):
        assert np.abs(np.bincount(classes[order[:size]], minlength=4) - whole * size).max() < 2


def test_a_validation_split_takes_rows_from_training_only():
    features, target = load_iris(return_X_y=True)
    whole = make_fold(features, target, 2, is_classification=True, folds=5, seed=0, validation=None)
    fold = make_fold(features, target, 2, is_classification=True, folds=5, seed=0, validation=0.25)
    assert np.array_equal(fold.features["test"], whole.features["test"])
    assert [fold.targets[split].size for split in ("train", "valid", "test")] == [90, 30, 30]
    together = np.concatenate([fold.features["train"], fold.features["valid"]])
    assert sorted(map(tuple, together)) == sorted(map(tuple, whole.features["train"]))
