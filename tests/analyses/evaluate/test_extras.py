"""XGBoost, LightGBM (extra `boost`) and the small network (extra `torch`); each test says which extra it lacks."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.folds import make_fold
from hpowh.analyses.evaluate.job import prepare
from hpowh.analyses.evaluate.metrics import Scorer, metric_info
from hpowh.analyses.evaluate.models import recipe
from hpowh.analyses.evaluate.training import train
from hpowh.warehouse.errors import UsageError

METRICS = [metric_info("accuracy"), metric_info("log_loss")]
BOOSTED = [
    ("xgboost", {"subsample": 0.6, "colsample_bytree": 0.5, "max_depth": 2}),
    ("lightgbm", {"subsample": 0.6, "subsample_freq": 1, "colsample_bytree": 0.5, "num_leaves": 4}),
]


def needs(module: str, extra: str):
    """Import an optional module, or skip in words that say how to get it."""
    return pytest.importorskip(module, reason=f"{module} is not installed: pip install 'hpowh[{extra}]'")


@pytest.mark.parametrize(("kind", "given"), BOOSTED, ids=["xgboost", "lightgbm"])
def test_the_first_trees_of_one_training_are_a_shorter_training(kind, given):
    """With rows and columns drawn at random, each number of trees against a training of its own."""
    module = needs(kind, "boost")
    maker = module.XGBClassifier if kind == "xgboost" else module.LGBMClassifier
    features, target = load_iris(return_X_y=True)
    fold = make_fold(features, target, 1, is_classification=True, folds=3, seed=7, validation=None)
    made = recipe(kind, None, "classification", {}, "steps", None)
    steps = [1, 3, 8]
    found = list(train(made, given, 7, fold, steps, Scorer(maker(), METRICS, 3)))
    assert [scored.seconds for scored in found] == sorted(scored.seconds for scored in found)
    seen = set()
    for step, scored in zip(steps, found, strict=True):
        quiet = {"verbosity": -1} if kind == "lightgbm" else {}
        direct = maker(**given, **quiet, n_estimators=step, random_state=7, n_jobs=1)
        direct.fit(fold.features["train"], fold.targets["train"])
        expected = Scorer(maker(), METRICS, 3)
        for split, values in zip(("train", "test"), scored.values, strict=True):
            assert values == pytest.approx(expected(direct, fold.features[split], fold.targets[split]), rel=1e-6)
        seen.add(scored.values[1][1])
    assert len(seen) == len(steps)


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm"])
def test_a_grid_of_boosted_trees(run, kind):
    needs(kind, "boost")
    text = f"""
name = "boost"
folds = 2
[[data]]
name = "iris"
[[model]]
kind = "{kind}"
fidelity = "steps"
fidelities = [2, 6]
space.max_depth = [2, 4]
space.learning_rate = [0.1, 0.5]
"""
    frame = run(text)
    assert frame["status"].unique().to_list() == ["ok"]
    assert frame.height == 2 * 2 * 2 * 2 * 2
    assert frame.filter(split="train", fidelity=6.0)["value"].min() > 0.8


def test_a_booster_that_changes_earlier_trees_is_recorded_as_failed(run):
    needs("xgboost", "boost")
    text = """
name = "dart"
folds = 2
[[data]]
name = "iris"
[[model]]
kind = "xgboost"
fidelity = "steps"
fidelities = [2, 4]
space.booster = ["gbtree", "dart"]
"""
    frame = run(text).filter(split="test", fold=0, fidelity=4.0).sort("configuration_id")
    assert frame["status"].to_list() == ["ok", "failed"]
    assert 'use fidelity = "fraction"' in frame["reason"][1]


def test_boosting_of_numbers(run):
    needs("lightgbm", "boost")
    text = """
name = "numbers"
folds = 2
metrics = ["mean_squared_error"]
[[data]]
name = "diabetes"
[[model]]
kind = "lightgbm"
fidelity = "steps"
fidelities = [1, 20]
space.learning_rate = [0.1, 0.2]
"""
    frame = run(text).filter(split="train")
    early, late = (frame.filter(fidelity=step)["value"].mean() for step in (1.0, 20.0))
    assert late < early


CNN = """
name = "images"
folds = 2
metrics = ["accuracy", "log_loss"]
[[data]]
name = "small_digits"
path = "digits.csv"
target = "digit"
task = "classification"
[[model]]
kind = "cnn"
fidelity = "steps"
fidelities = [1, 2, 6]
fixed.channels = 4
fixed.batch_size = 16
space.learning_rate = [0.003, 0.01]
space.kernel = [3, 5]
"""


@pytest.fixture
def digits(tmp_path):
    """Write 200 of scikit-learn's digits, four classes, beside the spec."""
    import polars as pl

    features, target = load_digits(return_X_y=True)
    keep = np.flatnonzero(target < 4)[:200]
    frame = pl.DataFrame(features[keep], schema=[f"p{i}" for i in range(64)])
    frame.with_columns(pl.Series("digit", target[keep])).write_csv(tmp_path / "digits.csv")
    return features[keep], target[keep]


def test_a_network_learns_digits_in_workers_as_it_does_alone(run, digits):
    needs("torch", "torch")
    from hpowh.analyses.evaluate.cnn import SmallCNN

    frame = run(CNN, jobs=2).filter(split="test", metric="accuracy")
    assert frame["status"].unique().to_list() == ["ok"]
    assert frame["fidelity"].unique().sort().to_list() == [1.0, 2.0, 6.0]
    early, late = (frame.filter(fidelity=step)["value"].max() for step in (1.0, 6.0))
    assert late > max(early, 0.9)
    fold = make_fold(*digits, 1, is_classification=True, folds=2, seed=0, validation=None)
    alone = SmallCNN(channels=4, batch_size=16, learning_rate=0.01, kernel=5, epochs=6)
    alone.fit(fold.features["train"], fold.targets["train"])
    here = frame.filter(fidelity=6.0, fold=1, configuration_id=3)["value"].item()
    assert here == np.mean(alone.predict(fold.features["test"]) == fold.targets["test"])


def test_epochs_on_the_way_are_trainings_of_their_own(digits):
    needs("torch", "torch")
    from hpowh.analyses.evaluate.cnn import SmallCNN

    features, target = digits
    fold = make_fold(features, target, 0, is_classification=True, folds=2, seed=4, validation=None)
    made = recipe("cnn", None, "classification", {"channels": 2, "dropout": 0.3}, "steps", None)
    found = list(train(made, {"learning_rate": 0.01}, 4, fold, [1, 3], Scorer(SmallCNN(), METRICS, 4)))
    for step, scored in zip((1, 3), found, strict=True):
        direct = SmallCNN(channels=2, dropout=0.3, learning_rate=0.01, epochs=step, random_state=4)
        direct.fit(fold.features["train"], fold.targets["train"])
        expected = Scorer(SmallCNN(), METRICS, 4)(direct, fold.features["test"], fold.targets["test"])
        assert scored.values[1] == expected
    again = SmallCNN(channels=2, dropout=0.3, learning_rate=0.01, epochs=3, random_state=5)
    again.fit(fold.features["train"], fold.targets["train"])
    assert not np.array_equal(again.predict_proba(features), direct.predict_proba(features))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"image": (7, 9)}, r"image = \[7, 9\] does not go with 64 features"),
        ({"kernel": 4}, "an odd number"),
        ({"activation": "swish"}, "one of relu, tanh, elu"),
        ({"optimiser": "lion"}, "one of adam, sgd"),
        ({"batch_size": 0}, "a number from 1"),
        ({"learning_rate": 1e30, "optimiser": "sgd"}, "diverged"),
    ],
)
def test_what_a_network_cannot_do_is_said(digits, given, says):
    needs("torch", "torch")
    from hpowh.analyses.evaluate.cnn import SmallCNN

    with pytest.raises(ValueError, match=says):
        SmallCNN(**given, epochs=3).fit(*digits)


def test_shapes_of_images():
    needs("torch", "torch")
    from hpowh.analyses.evaluate.cnn import image_shape

    assert image_shape(None, 64) == (1, 8, 8)
    assert image_shape((4, 16), 64) == (1, 4, 16)
    assert image_shape((3, 2, 2), 12) == (3, 2, 2)
    with pytest.raises(ValueError, match="no square image"):
        image_shape(None, 12)


def test_a_network_of_one_column_and_of_a_single_row_of_pixels():
    """Images too small to be pooled."""
    needs("torch", "torch")
    from hpowh.analyses.evaluate.cnn import SmallCNN

    target = np.array([0, 1] * 10)
    for width in (1, 3):
        features = np.repeat(target[:, None], width, axis=1).astype(float)
        model = SmallCNN(image=(1, width), learning_rate=0.05, epochs=30).fit(features, target)
        assert np.array_equal(model.predict(features), target)


def test_networks_are_for_classes_and_epochs_are_their_fidelity(spec, digits):
    with pytest.raises(SpecError, match="for classification only"):
        recipe("cnn", None, "regression", {}, "steps", None)
    needs("torch", "torch")
    with pytest.raises(UsageError, match="epochs is the fidelity"):
        prepare(spec(CNN.replace("fixed.channels = 4", "fixed.epochs = 4")))


def test_a_missing_extra_is_named(spec, monkeypatch):
    """As where neither library is installed."""
    import sys

    for module, kind, extra in (("xgboost", "xgboost", "boost"), ("torch", "cnn", "torch")):
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, "hpowh.analyses.evaluate.cnn", raising=False)
        text = f'[[data]]\nname = "digits"\n[[model]]\nkind = "{kind}"\nspace.learning_rate = [0.1, 0.2]\n'
        with pytest.raises(UsageError, match=rf"pip install 'hpowh\[{extra}\]'"):
            prepare(spec(text))
