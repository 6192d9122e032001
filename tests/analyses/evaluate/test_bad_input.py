"""What cannot be meant is refused before anything is trained, and says what to do."""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np
import pytest

from hpowh.analyses.evaluate.data import check_folds, load, make
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.job import importable, prepare, refuse_many
from hpowh.analyses.evaluate.meta import meta_features
from hpowh.analyses.evaluate.models import Recipe, takes_missing
from hpowh.analyses.evaluate.spec import DataSpec
from hpowh.warehouse.errors import UsageError

GOOD = """
metrics = ["accuracy"]
[[data]]
name = "iris"
[[model]]
kind = "decision_tree"
space.max_depth = [1, 2]
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"decision_tree"', '"decison_tree"', "Did you mean decision_tree"),
        ("space.max_depth", "space.max_dept", "Did you mean max_depth"),
        ('"accuracy"', '"acuracy"', "Did you mean accuracy"),
        ('"accuracy"', '"logloss"', "Did you mean log_loss"),
        ('"accuracy"', '"roc_auc"', "cannot be computed on the data set iris"),
        ('"accuracy"', '"r2"', None),
        ('name = "iris"', 'name = "irsi"', "Did you mean iris"),
        ('name = "iris"', 'naem = "iris"', "Did you mean name"),
        ("metrics", "metrisc", "Did you mean metrics"),
        ("[1, 2]", "[1, 1]", "names a level twice"),
        ("[1, 2]", "[]", "neither a list of levels nor a range"),
        ("[1, 2]", "{from = 4, to = 1, levels = 3}", "a range goes up"),
        ("[1, 2]", "{from = 0, to = 1, levels = 3, log = true}", "above 0"),
        ("[1, 2]", '[1, 2]\nsample = "sobel"\nconfigurations = 2', "Did you mean sobol"),
        ("[1, 2]", '[1, 2]\nsample = "random"', "needs its size"),
        ("[1, 2]", '[1, 2]\nfidelity = "steps"\nfidelities = [1]', "does not train step by step"),
        ("[1, 2]", "[1, 2]\nfidelities = [0.5, 2]", "above 0 and up to 1"),
        ("[1, 2]", "[1, 2]\nfixed.max_depth = 3", "varied and fixed at once"),
        ('kind = "decision_tree"', 'import = "no.such.Model"', "cannot be imported"),
        ('kind = "decision_tree"', 'import = "pathlib.Path"', "cannot be made"),
        ('kind = "decision_tree"', 'kind = "decision_tree"\nimport = "a.B"', "either a kind or an import path"),
        ('[[data]]\nname = "iris"', "", "has no data"),
        ('name = "iris"', 'name = "iris"\n[[data]]\nname = "diabetes"', "different tasks"),
        ('name = "iris"', 'name = "iris"\n[[data]]\nname = "iris"', "Two data sets are called iris"),
    ],
)  # fmt: skip
def test_a_wrong_spec_says_what_is_wrong(spec, old, new, says):
    assert old in GOOD
    path = spec(GOOD.replace(old, new))
    if says is None:
        prepare(path)
        return
    with pytest.raises(UsageError, match=r"spec\.toml") as caught:
        prepare(path)
    assert says in str(caught.value)


def test_no_toml_and_no_file(spec, tmp_path):
    with pytest.raises(UsageError, match="not valid TOML"):
        prepare(spec("metrics = ["))
    with pytest.raises(UsageError, match="cannot be read"):
        prepare(tmp_path / "none.toml")


@pytest.mark.slow
def test_a_billion_cells_are_counted_and_refused(spec, hpowh):
    axes = "\n".join(f"space.{name} = {{from = 1, to = 32000, levels = 1000, log = true}}" for name in ("a", "b", "c"))
    names = {"a": "min_samples_split", "b": "min_samples_leaf", "c": "max_leaf_nodes"}
    for short, name in names.items():
        axes = axes.replace(f"space.{short} ", f"space.{name} ")
    path = spec(GOOD.replace("space.max_depth = [1, 2]", axes))
    with pytest.raises(UsageError, match="5,000,000,000 trainings"):
        refuse_many(prepare(path))
    hpowh("init")
    done = hpowh("evaluate", str(path))
    assert done.returncode == 2
    assert "1,000,000,000 configurations" in done.stderr
    assert "--yes" in done.stderr
    dry = hpowh("evaluate", str(path), "--yes", "--dry-run")
    assert dry.returncode == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("x,y\n1,a\n2,\n3,a\n", "target y of .* is missing in 1 rows"),
        ("x,y\n1,a\n2,a\n3,a\n", "one class only"),
        ("x,y\ninf,a\n2,b\n3,a\n", "1 infinite values, the first in row 1, feature 1"),
        ("y\na\nb\n", "no rows or no features"),
    ],
)
def test_bad_data_are_refused(tmp_path, content, says):
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(SpecError, match=says):
        load(DataSpec(name="bad", path="bad.csv", target="y"), tmp_path)


def test_a_column_that_is_not_there_names_the_nearest(tmp_path):
    (tmp_path / "d.csv").write_text("width,colour\n1,a\n2,b\n")
    with pytest.raises(SpecError, match="Did you mean colour"):
        load(DataSpec(name="d", path="d.csv", target="color"), tmp_path)


def test_a_class_smaller_than_the_folds_is_named():
    data = make("d", "classification", np.arange(12.0)[:, None], ["a"] * 9 + ["rare"] * 3)
    with pytest.raises(SpecError, match="class rare of the data set d has 3 rows, fewer than the 5 folds"):
        check_folds(data, 5)
    check_folds(data, 3)


def test_files_become_numbers(tmp_path):
    """Texts become indicators, classes are numbered in sorted order; Parquet and CSV give the same."""
    import polars as pl

    (tmp_path / "d.csv").write_text("colour,size,id,y\nred,1,u,no\nblue,2,v,yes\nred,3,w,no\n")
    pl.read_csv(tmp_path / "d.csv").write_parquet(tmp_path / "d.parquet")
    one = load(DataSpec(name="d", path="d.csv", target="y", ignore=("id",)), tmp_path)
    two = load(DataSpec(name="d", path="d.parquet", target="y", ignore=("id",)), tmp_path)
    assert one.features.tolist() == [[0, 1, 1], [1, 0, 2], [0, 1, 3]]
    assert one.target.tolist() == [0, 1, 0]
    assert one.classes == ("no", "yes")
    assert one.digest == two.digest


def test_no_network_is_said(monkeypatch, tmp_path):
    import sklearn.datasets

    def refuse(**_):
        raise OSError("Name or service not known")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", refuse)
    with pytest.raises(
        SpecError, match="OpenML data set 31 cannot be fetched: Name or service not known. Is there net"
    ):
        load(DataSpec(name="credit", openml=31), tmp_path)


def fake_openml(**more):
    """What `fetch_openml(as_frame=False)` gives: numbers with codes for categories, and names."""
    from sklearn.utils import Bunch

    given = {
        "data": np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]]),
        "target": np.array(["good", "bad", "good", "bad"], dtype=object),
        "feature_names": ["age", "job"],
        "categories": {"job": ["none", "some"]},
    }
    return Bunch(**(given | more))


def test_an_openml_data_set_becomes_numbers(monkeypatch, tmp_path):
    """Without network: what is asked of scikit-learn's reader, and what becomes of its answer."""
    import sklearn.datasets

    asked = []

    def fetch(**given):
        asked.append(given)
        return fake_openml()

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    data = load(DataSpec(name="credit", openml=31), tmp_path)
    assert asked[0]["data_id"] == 31
    assert asked[0]["target_column"] == "default-target"
    assert (data.task, data.classes, data.target.tolist()) == ("classification", ("bad", "good"), [1, 0, 1, 0])
    assert data.notes == ["credit: job are categories and enter as numbers."]
    load(DataSpec(name="credit", openml=31, target="age"), tmp_path)
    assert asked[1]["target_column"] == "age"


def test_openml_numbers_sparse_rows_and_missing_values(monkeypatch, tmp_path):
    import sklearn.datasets
    from scipy.sparse import csr_matrix

    answers = [
        fake_openml(target=np.array([1.5, 2.5, 3.5, 4.0]), categories=None),
        fake_openml(data=csr_matrix(np.eye(4)), categories=None, feature_names=list("abcd")),
        fake_openml(data=np.array([[1.0], [np.nan], [3.0], [4.0]]), feature_names=["age"]),
    ]
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_: answers.pop(0))
    assert load(DataSpec(name="d", openml=1), tmp_path).task == "regression"
    assert load(DataSpec(name="d", openml=1), tmp_path).features.shape == (4, 4)
    assert load(DataSpec(name="d", openml=1), tmp_path).missing_count == 1


GAPS = "a,b,y\n" + "\n".join(f"{i if i % 3 else ''},{'pq'[i % 2] if i % 5 else ''},{'uv'[i % 2]}" for i in range(40))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"decision_tree"', '"decison_tree"', 6),
        ("metrics", "metrisc", 2),
        ("space.max_depth", "space.max_dept", 7),
        ('[[data]]\nname = "iris"', "", None),
    ],
)
def test_the_wrong_line_is_named(spec, old, new, line):
    with pytest.raises(UsageError) as caught:
        prepare(spec(GOOD.replace(old, new)))
    assert (f".toml, line {line}: " in str(caught.value)) if line else (", line" not in str(caught.value))


def test_missing_values_are_for_models_that_train_on_them(spec, tmp_path):
    """Trees say that they do, a support vector machine that it does not; a missing text is a text of its own."""
    (tmp_path / "gaps.csv").write_text(GAPS)
    data = load(DataSpec(name="gaps", path="gaps.csv", target="y"), tmp_path)
    assert data.missing_count == 14
    assert data.features.shape == (40, 1 + 3)
    assert data.features[:, 1:].sum(axis=1).tolist() == [1.0] * 40
    assert {"gaps: a is missing in 14 of 40 rows.", "gaps: b is missing in 8 of 40 rows."} <= set(data.notes)
    text = GOOD.replace('name = "iris"', 'path = "gaps.csv"\ntarget = "y"')
    assert prepare(spec(text)).plan.data == ("gaps",)
    with pytest.raises(UsageError, match="svm does not train on missing values, and the data set gaps has 14"):
        prepare(spec(text.replace("decision_tree", "svm").replace("max_depth", "C")))
    assert takes_missing(Recipe("sklearn.ensemble.HistGradientBoostingClassifier", {}, False, None))
    assert not takes_missing(Recipe("sklearn.linear_model.Ridge", {}, False, None))
    found = meta_features(data.features, data.target, is_classification=True)
    assert found["missing_share"] == pytest.approx(14 / 160)
    assert all(np.isfinite(value) for value in found.values())


def test_a_spec_with_an_openml_id_is_planned(monkeypatch, spec):
    import sklearn.datasets

    rows = np.arange(40.0).reshape(20, 2)
    answer = fake_openml(data=rows, target=np.array(["a", "b"] * 10, dtype=object), categories=None)
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_: answer)
    prepared = prepare(spec(GOOD.replace('name = "iris"', "openml = 61")))
    assert prepared.plan.data == ("openml-61",)
    assert prepared.plan.unit_count == 2 * 5


def test_a_specs_folder_is_searched_for_models_only_meanwhile(tmp_path):
    (tmp_path / "models_of_one_spec.py").write_text("answer = 42\n")
    before = list(sys.path)
    with importable(tmp_path), importable(tmp_path):  # a folder that is there already is not taken away early
        assert import_module("models_of_one_spec").answer == 42
    with pytest.raises(SpecError), importable(tmp_path):
        raise SpecError("the path is put back all the same")
    assert sys.path == before
