"""Optuna's studies: states, times, parameters, values, attributes equal what Optuna reads back."""

from __future__ import annotations

import pytest

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Request, find_source, ingest

from .optuna_studies import (
    QUIET,
    STATES,
    expected_trials,
    labelled_study,
    load,
    make_studies,
    optuna,
    plain_number,
    storage_at,
    stored_trials,
)

pytestmark = QUIET


@pytest.mark.parametrize("file", ["studies.db", "studies.log"])
def test_load_equals_what_optuna_reads_back(tmp_path, warehouse, file):
    make_studies(tmp_path / file)
    outcome = load(warehouse, tmp_path / file)
    assert outcome.row_count == 14 + 5 + 1
    assert warehouse.sql("select name from core.sweep order by sweep_id").rows() == [("one",), ("two",), ("empty",)]
    for name in ("one", "two", "empty"):
        assert plain_number(stored_trials(warehouse, name)) == plain_number(expected_trials(tmp_path / file, name))
    states = {row[0] for row in warehouse.sql("select distinct status from core.trial").rows()}
    assert states == set(STATES.values())


@pytest.mark.parametrize("file", ["studies.db", "studies.log"])
def test_load_declares_parameters_and_metrics(tmp_path, warehouse, file):
    make_studies(tmp_path / file)
    outcome = load(warehouse, tmp_path / file)
    declared = warehouse.sql(
        "select p.name, value_type, scale, lower, upper, step, choices from core.sweep_parameter as p "
        "join core.sweep as s using (sweep_id) where s.name = 'one' order by p.name"
    ).rows()
    assert declared == [
        ("choice", "mixed", "linear", None, None, None, '["relu", 2.5, 7, true, null]'),
        ("deep", "bool", "linear", None, None, None, "[true, false]"),
        ("layers", "int", "linear", 1.0, 9.0, 2.0, None),
        ("x", "float", "log", 1e-5, 1.0, None, None),
        ("y", "float", "linear", -1.0, 1.0, 0.25, None),
    ]
    metrics = warehouse.sql(
        "select s.name, position, m.name, direction from core.sweep_metric join core.metric as m using (metric_id) "
        "join core.sweep as s using (sweep_id) order by all"
    ).rows()
    assert metrics == [
        ("empty", 0, "objective_max", "max"),
        ("one", 0, "objective_min", "min"),
        ("two", 0, "loss", "min"),
        ("two", 1, "accuracy", "max"),
    ]
    assert any("2 studies name no objective" in note for note in outcome.notes)
    assert any("left out: team" in note for note in outcome.notes)


def test_an_empty_study_and_a_storage_without_studies(tmp_path, warehouse):
    optuna.create_study(storage=storage_at(tmp_path / "s.db"), study_name="nothing")
    assert load(warehouse, tmp_path / "s.db").row_count == 0
    assert warehouse.sql("select count(*) from core.sweep").one() == 1


def test_a_metric_known_with_the_other_direction_is_refused(tmp_path, warehouse):
    labelled_study(tmp_path / "a.log").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    load(warehouse, tmp_path / "a.log")
    study = optuna.create_study(storage=storage_at(tmp_path / "b.log"), study_name="up", direction="maximize")
    study.set_user_attr("metric", "loss")
    with pytest.raises(IngestError, match="'loss' is in the warehouse with direction 'min'"):
        ingest(warehouse, find_source("optuna"), Request(str(tmp_path / "b.log"), "other"))


def test_one_name_with_several_distributions(tmp_path, warehouse):
    """In one file a parameter may be a number in one study and a category in another, and ranges may move."""
    path = tmp_path / "s.db"
    for name, suggest in (
        ("moving", lambda trial: trial.suggest_float("x", trial.number, trial.number + 5)),
        ("category", lambda trial: trial.suggest_categorical("x", ["a", None, 3])),
        ("whole", lambda trial: trial.suggest_int("x", 1, 9)),
    ):
        study = optuna.create_study(storage=storage_at(path), study_name=name)
        study.optimize(lambda trial, suggest=suggest: float(suggest(trial) == 3), n_trials=4)
    load(warehouse, path)
    for name in ("moving", "category", "whole"):
        assert plain_number(stored_trials(warehouse, name)) == plain_number(expected_trials(path, name))
