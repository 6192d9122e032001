"""Optuna's studies as runs of an experiment, and their trials as configurations of a known space."""

from __future__ import annotations

import math

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, preview

from .optuna_studies import QUIET, labelled_study, load, make_space, make_studies, optuna, storage_at

pytestmark = QUIET


def test_load_makes_runs_of_labelled_studies(tmp_path, warehouse):
    path = tmp_path / "s.log"
    study = labelled_study(path, experiment="mine", workers=4)

    def objective(trial):
        x = trial.suggest_float("x", -1, 1)
        if trial.number == 2:
            raise ValueError
        if trial.number == 3:
            raise optuna.TrialPruned
        return math.inf if trial.number == 4 else x * x

    study.optimize(objective, n_trials=6, catch=(ValueError,))
    study.ask()
    load(warehouse, path, mapping={"workers": "factor"})
    run = warehouse.sql(
        "select x.name, a.name, b.name, r.seed, s.name, f.name, f.numeric_value, f.text_value from core.run as r "
        "join core.experiment as x using (experiment_id) join core.algorithm as a using (algorithm_id) "
        "join core.benchmark as b on b.benchmark_id = r.benchmark_id join core.sweep as s on s.sweep_id = r.sweep_id "
        "join core.run_factor as f using (run_id)"
    ).rows()
    assert run == [("mine", "rs", "bowl", 3, "run", "workers", 4.0, "4")]
    values = [trial.value for trial in study.get_trials()]
    trace = warehouse.sql("select budget, value, status from core.trace order by budget").rows()
    assert trace == [
        (1.0, values[0], "ok"),
        (2.0, values[1], "ok"),
        (3.0, None, "failed"),
        (4.0, None, "missing"),
        (5.0, None, "inf"),
        (6.0, values[5], "ok"),
    ]


def test_trace_counts_trials_in_the_order_in_which_they_ended(tmp_path, warehouse):
    study = labelled_study(tmp_path / "s.db")
    first, second = study.ask(), study.ask()
    study.tell(second, 2.0)
    study.tell(first, 1.0)
    load(warehouse, tmp_path / "s.db")
    assert warehouse.sql("select budget, value from core.trace order by budget").rows() == [(1.0, 2.0), (2.0, 1.0)]


def test_study_pattern_labels_by_name(tmp_path, warehouse):
    storage = storage_at(tmp_path / "s.log")
    for name in ("tpe--hpobench/car--7", "tpe--hpobench/car--8", "scratch"):
        optuna.create_study(storage=storage, study_name=name).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    options = {"study_pattern": "{algorithm}--{benchmark}--{seed}", "experiment": "e", "metric": "loss"}
    outcome = load(warehouse, tmp_path / "s.log", options=options)
    runs = warehouse.sql(
        "select a.name, b.name, seed from core.run join core.algorithm as a using (algorithm_id) "
        "join core.benchmark as b using (benchmark_id) order by seed"
    ).rows()
    assert runs == [("tpe", "hpobench/car", 7), ("tpe", "hpobench/car", 8)]
    assert any("1 study does not fit" in note for note in outcome.notes)


@pytest.mark.parametrize("pattern", ["{algorithm}--{task}", "plain", "{seed}{seed}"])
def test_study_pattern_that_means_nothing_is_refused(tmp_path, warehouse, pattern):
    make_studies(tmp_path / "s.log")
    with pytest.raises(UsageError, match="study pattern"):
        load(warehouse, tmp_path / "s.log", options={"study_pattern": pattern})


def test_what_no_study_says_can_be_given_for_all(tmp_path, warehouse):
    for name in ("a", "b"):
        study = optuna.create_study(storage=storage_at(tmp_path / "s.log"), study_name=name)
        study.set_user_attr("sampler", name)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    given = {"benchmark": "bowl", "metric": "loss", "constants": {"seed": "7"}, "experiment": "e"}
    load(warehouse, tmp_path / "s.log", options=given, mapping={"sampler": "algorithm"})
    runs = warehouse.sql(
        "select distinct experiment, algorithm, benchmark, seed, metric from mart.observation order by algorithm"
    ).rows()
    assert runs == [("e", "a", "bowl", 7, "loss"), ("e", "b", "bowl", 7, "loss")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"study_patern": "{seed}"}},
        {"options": {"direction": "min"}},
        {"options": {"constants": {"colour": "red"}}},
        {"mapping": {"sampler": "colour"}},
    ],
)
def test_an_option_or_role_that_does_nothing_is_refused(tmp_path, warehouse, wrong):
    make_studies(tmp_path / "s.log")
    with pytest.raises(UsageError, match="no option|no role"):
        load(warehouse, tmp_path / "s.log", **wrong)


def test_two_studies_with_one_label_are_refused(tmp_path, warehouse):
    for name in ("a", "b"):
        labelled_study(tmp_path / "s.log", name=name).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(IngestError, match="2 runs are labelled algorithm 'rs', benchmark 'bowl', seed 3"):
        load(warehouse, tmp_path / "s.log")
    assert warehouse.sql("select count(*) from core.sweep").one() == 0
    assert load(warehouse, tmp_path / "s.log", mapping={"algorithm": "ignore"}).row_count == 2


def test_trials_resolve_to_configurations_by_value(tmp_path, warehouse):
    make_space(warehouse)
    study = labelled_study(tmp_path / "s.db", search_space="grid")

    def objective(trial):
        trial.suggest_categorical("lr", [1e-1, 1e-3, 1e-2])
        trial.suggest_categorical("act", ["tanh", "relu"])
        trial.suggest_int("n", 8, 16, step=4)
        trial.suggest_categorical("bias", [True, False])
        if trial.number == 1:
            trial.suggest_float("another", 0, 1)
        return 1.0

    study.optimize(objective, n_trials=25)
    load(warehouse, tmp_path / "s.db")
    stored = dict(warehouse.sql("select number, configuration_id from core.trial").rows())
    expected = {}
    for trial in study.get_trials():
        p = trial.params
        known = p["n"] != 12 and "another" not in p
        rank = (
            [1e-3, 1e-2, 1e-1].index(p["lr"]) * 8
            + ["relu", "tanh"].index(p["act"]) * 4
            + (p["n"] == 16) * 2
            + p["bias"]
        )
        expected[trial.number] = rank if known else None
    assert stored == expected
    assert None in expected.values()
    assert len(set(expected.values())) > 5


def test_trials_resolve_to_configurations_by_level(tmp_path, warehouse):
    make_space(warehouse)
    study = labelled_study(tmp_path / "s.log", search_space="grid", parameters="levels")

    def objective(trial):
        trial.suggest_int("lr", 0, 2)
        trial.suggest_categorical("act", ["relu", "tanh"])
        trial.suggest_int("n", 0, 1)
        trial.suggest_categorical("bias", [False, True])
        return 1.0

    study.optimize(objective, n_trials=20)
    load(warehouse, tmp_path / "s.log")
    stored = dict(warehouse.sql("select number, configuration_id from core.trial").rows())
    assert stored == {
        t.number: t.params["lr"] * 8 + (t.params["act"] == "tanh") * 4 + t.params["n"] * 2 + t.params["bias"]
        for t in study.get_trials()
    }


def test_a_search_space_that_is_not_there_is_said(tmp_path, warehouse):
    labelled_study(tmp_path / "s.log", search_space="elsewhere").optimize(
        lambda t: t.suggest_float("x", 0, 1), n_trials=1
    )
    outcome = load(warehouse, tmp_path / "s.log")
    assert any("'elsewhere' is not in the warehouse" in note for note in outcome.notes)
    assert warehouse.sql("select configuration_id from core.trial").one() is None


def test_preview_shows_attributes_and_first_trials(tmp_path):
    labelled_study(tmp_path / "s.log", team="x").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=7)
    shown = preview(find_source("optuna"), Request(str(tmp_path / "s.log"), "s", mapping={"team": "factor"}))
    assert shown.row_count == 7
    assert ("team", "factor", "given") in shown.mapping
    assert ("algorithm", "algorithm", "by its name") in shown.mapping
    assert [row[:3] for row in shown.rows] == [("run", number, "finished") for number in range(5)]
