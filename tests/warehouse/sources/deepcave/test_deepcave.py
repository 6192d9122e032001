"""The source `deepcave`, on folders as DeepCAVE's recorder writes them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import RowsRefusedError
from hpowh.warehouse.ingest.recognise import recognise

from ..stored import load, trials

SPACE = {
    "name": None, "conditions": [{"child": "m", "parent": "opt", "type": "EQ", "value": "sgd"}], "forbiddens": [],
    "hyperparameters": [
        {"name": "lr", "type": "uniform_float", "log": True, "lower": 1e-4, "upper": 1.0, "default": 0.01},
        {"name": "opt", "type": "categorical", "choices": ["adam", "sgd"], "default": "adam"},
        {"name": "m", "type": "uniform_float", "log": False, "lower": 0.0, "upper": 1.0, "default": 0.5},
    ],
    "json_format_version": 0.2,
}  # fmt: skip
OBJECTIVES = [{"name": "accuracy", "optimize": "upper"}, {"name": "time", "optimize": "lower"}]
CONFIGS = {"0": {"lr": 0.1, "opt": "adam", "m": None}, "1": {"lr": 0.2, "opt": "sgd", "m": 0.9}}


def run(folder: Path, history: list[list[Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("meta", {"objectives": OBJECTIVES, "budgets": []}), ("configs", CONFIGS),
                          ("configspace", SPACE), ("origins", {"0": "Random", "1": None})):  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
    return folder


def test_budgets_are_steps_and_costs_have_their_directions(warehouse, tmp_path):
    history = [[0, 10.0, [0.5, 1.0], 0.0, 1.0, 1, {}], [1, 10.0, [0.7, 2.0], 1.0, 3.0, 1, {}],
               *([1, 20.0, [accuracy, 4.0], 3.0, 7.0, 1, {"note": "x"}] for accuracy in (0.9, 0.8))]  # fmt: skip
    path = run(tmp_path / "run_1", history)
    assert [one.kind for one in recognise(path)] == ["deepcave"]
    load(warehouse, "deepcave", path)
    first, second = trials(warehouse)
    assert (first["status"], first["parameters"]) == ("pruned", {"lr": 0.1, "opt": "adam"})
    assert first["values"] == {("accuracy", 10): 0.5, ("time", 10): 1.0}
    assert second["values"] == {("accuracy", 10): 0.7, ("time", 10): 2.0, ("accuracy", 20): 0.8, ("time", 20): 4.0,
                                ("accuracy", None): 0.8, ("time", None): 4.0}  # fmt: skip
    assert second["duration"] == 6
    assert second["attributes"]["additional.note"] == "x"
    assert first["attributes"]["origin"] == "Random"
    directions = warehouse.sql("select name, direction from core.metric order by 1").rows()
    assert directions == [("accuracy", "max"), ("time", "min")]
    assert warehouse.sql("select rule from core.sweep_constraint").one() == 'm only when opt = "sgd"'
    assert load(warehouse, "deepcave", path).action == "unchanged"
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_seeds_are_trials_and_failures_have_their_reason(warehouse, tmp_path):
    lines = [[0, math.inf, 1, [0.5, 1.0], 0, 1, 1, {}], [0, math.inf, 2, [0.6, 1.0], 0, 1, 1, {}],
             [1, math.inf, 1, [None, None], 0, 1, 2, {}], [1, math.inf, 2, [None, None], 0, 1, 6, {}]]  # fmt: skip
    load(warehouse, "deepcave", run(tmp_path / "r", lines))
    found = {one["name"]: one for one in trials(warehouse)}
    assert {name: one["status"] for name, one in found.items()} == {
        "0 seed 1": "finished", "0 seed 2": "finished", "1 seed 1": "failed", "1 seed 2": "waiting"
    }  # fmt: skip
    assert found["1 seed 1"]["values"][("accuracy", None)] == "timeout"
    assert found["0 seed 2"]["attributes"]["seed"] == 2
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_a_line_that_is_cut_is_left_out_and_a_bad_one_refused(warehouse, tmp_path):
    path = run(tmp_path / "r", [[0, 1.0, [0.5, 1.0], 0, 1, 1, {}]])
    (path / "history.jsonl").write_text((path / "history.jsonl").read_text() + "[1, 1.0, [0.")
    outcome = load(warehouse, "deepcave", path)
    assert outcome.row_count == 1
    assert any("ends within a line" in note for note in outcome.notes)
    for bad in ([7, 1.0, [0.5, 1.0], 0, 1, 1, {}], [0, 1.0, [0.5], 0, 1, 1, {}], [0, 1.0, [0.5, 1], 0, 1, 9, {}], {}):
        with pytest.raises(RowsRefusedError):
            load(warehouse, "deepcave", run(tmp_path / "bad", [bad, [0, 1.0, [0.5, 1.0], 0, 1, 1, {}]]), "bad")
    (path / "meta.json").write_text("{}")
    with pytest.raises(IngestError, match="names no objectives"):
        load(warehouse, "deepcave", path)
