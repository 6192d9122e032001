"""Optuna's journal files: cut off, damaged, with void operations."""

from __future__ import annotations

import json

import pytest

from hpowh.warehouse.errors import IngestError

from .optuna_studies import QUIET, expected_trials, labelled_study, load, plain_number, stored_trials

pytestmark = QUIET


def test_a_journal_cut_off_in_its_last_line_is_read_up_to_there(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    outcome = load(warehouse, path)
    assert any("last line of s.log is not finished" in note for note in outcome.notes)
    assert warehouse.sql("select status from core.trial order by number").rows() == [
        ("finished",),
        ("finished",),
        ("running",),
    ]


def test_a_journal_damaged_in_the_middle_names_the_line(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"{broken\n", *lines[4:]]))
    with pytest.raises(IngestError, match="line 5: not an operation"):
        load(warehouse, path)
    path.write_bytes(b"".join([*lines[:4], b'{"op_code":11}\n']))
    with pytest.raises(IngestError, match="operation code 11 is unknown"):
        load(warehouse, path)


def test_journal_replay_follows_optuna_where_operations_are_void(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    with path.open("a") as handle:
        worker, when = {"worker_id": "w"}, "2026-01-01T00:00:00.000000+00:00"
        suggested = {"op_code": 5, **worker, "trial_id": 1, "param_name": "x"}
        wider, other = (
            json.dumps({"name": "FloatDistribution", "attributes": {"step": None, "low": low, "high": 5.0, "log": log}})
            for low, log in ((0.0, False), (0.1, True))
        )
        logs = [
            {"op_code": 0, **worker, "study_name": "run", "directions": [2]},
            {"op_code": 6, **worker, "trial_id": 0, "state": 3, "values": None, "datetime_complete": when},
            {"op_code": 8, **worker, "trial_id": 0, "user_attr": {"late": 1}},
            {"op_code": 4, **worker, "study_id": 9, "datetime_start": when},
            {"op_code": 4, **worker, "study_id": 0, "datetime_start": when},
            {**suggested, "param_value_internal": 4.5, "distribution": wider},
            {**suggested, "param_value_internal": 0.5, "distribution": other},
            {**suggested, "param_value_internal": 0.5, "distribution": wider, "trial_id": 9},
            {"op_code": 10, **worker},
        ]
        handle.writelines(json.dumps(log) + "\n" for log in logs)
    outcome = load(warehouse, path)
    assert plain_number(stored_trials(warehouse, "run")) == plain_number(expected_trials(path, "run"))
    assert warehouse.sql("select lower, upper from core.sweep_parameter").rows() == [(0.0, 5.0)]
    assert any("changed range" in note for note in outcome.notes)
