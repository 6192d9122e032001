"""Folds of a search by scikit-learn, as repeats of its configurations."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hpowh.analyses.sweeps.reading.columns import Raw
from hpowh.analyses.sweeps.reading.configurations import configurations
from hpowh.warehouse.errors import IngestError, UsageError

from ..stored import load, trials


@pytest.fixture(scope="module")
def searched(tmp_path_factory) -> tuple[Path, pd.DataFrame]:
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    grid = {"max_depth": [1, 2], "criterion": ["gini", "entropy"]}
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid, cv=3).fit(*load_iris(return_X_y=True))
    frame = pd.DataFrame(search.cv_results_)
    path = tmp_path_factory.mktemp("cv") / "cv_results.csv"
    frame.to_csv(path)
    return path, frame


def test_each_fold_is_a_trial_of_its_configuration(warehouse, searched):
    import numpy as np

    path, frame = searched
    outcome = load(warehouse, "trials", path, options={"folds": "trials"})
    found = trials(warehouse)
    assert len(found) == 3 * len(frame)
    assert "Each of 3 folds is a trial: repeats of 4 configurations." in outcome.notes
    wanted = [row[f"split{k}_test_score"] for _, row in frame.iterrows() for k in range(3)]
    assert [t["values"]["mean_test_score", None] for t in found] == pytest.approx(wanted)
    assert [t["attributes"]["fold"] for t in found] == [0, 1, 2] * 4
    depth = [t["parameters"]["max_depth"] for t in found]
    kind = [t["parameters"]["criterion"] for t in found]
    raw = [Raw("max_depth", np.array(depth), [str(d) for d in depth]), Raw("criterion", np.full(12, np.nan), kind)]
    groups = configurations(raw, np.array(wanted))
    assert groups.mean == pytest.approx(frame["mean_test_score"].to_numpy())
    assert (groups.count == 3).all()


def test_means_stay_where_nothing_is_said_and_other_tables_are_refused(warehouse, searched, tmp_path):
    path, frame = searched
    load(warehouse, "trials", path)
    assert len(trials(warehouse)) == len(frame)
    with pytest.raises(UsageError, match="folds=all: not understood"):
        load(warehouse, "trials", path, name="a", options={"folds": "all"})
    (tmp_path / "x.csv").write_text("lr,loss\n0.1,1\n0.2,2\n")
    with pytest.raises(IngestError, match="has no values by fold"):
        load(warehouse, "trials", tmp_path / "x.csv", name="b", options={"folds": "trials", "direction": "min"})
