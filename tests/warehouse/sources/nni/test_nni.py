"""The source `nni`, on databases and exports in NNI's form."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.recognise import recognise

from ..stored import load, trials

BEGAN = 1_700_000_000_000
SPACE = {
    "lr": {"_type": "loguniform", "_value": [1e-4, 0.1]}, "units": {"_type": "choice", "_value": [16, 32]},
    "seed": {"_type": "randint", "_value": [0, 10]},
}  # fmt: skip


def database(path: Path, made: list[tuple[str, dict, str, list, Any]], tuner: dict | None) -> Path:
    """Write (name, parameters, last event, intermediate values, final value)."""
    with sqlite3.connect(path) as store:
        store.executescript(
            "create table TrialJobEvent (timestamp integer, trialJobId text, event text, data text, logPath text, "
            "sequenceId integer, message text); create table MetricData (timestamp integer, trialJobId text, "
            "parameterId text, type text, sequence integer, data text); create table ExperimentProfile (params text, "
            "id text, execDuration integer, startTime integer, endTime integer, logDir text, nextSequenceId integer, "
            "revision integer);"
        )
        profile = json.dumps({"searchSpace": json.dumps(SPACE), "tuner": tuner or {"name": "TPE"}})
        store.execute("insert into ExperimentProfile values (?, 'e', 1, 1, 1, '', 1, 1)", [profile])
        store.execute("insert into TrialJobEvent values (1, '', 'IMPORT_DATA', '{}', null, null, null)")
        for number, (name, parameters, last, steps, final) in enumerate(made):
            told = json.dumps({"parameter_id": number, "parameter_source": "algorithm", "parameters": parameters})
            for at, event in enumerate(("WAITING", "RUNNING", last)):
                if at < 2 or last != "RUNNING":
                    row = (BEGAN + 1000 * (10 * number + at), name, event, told if at == 0 else None, number)
                    store.execute("insert into TrialJobEvent values (?, ?, ?, ?, null, ?, null)", row)
            values = [("PERIODICAL", at, value) for at, value in enumerate(steps)]
            values += [("FINAL", 0, final)] if final is not None else []
            for kind, at, value in values:
                row = (BEGAN + at, name, str(number), kind, at, json.dumps(json.dumps(value)))
                store.execute("insert into MetricData values (?, ?, ?, ?, ?, ?)", row)
    store.close()
    return path


MADE: list[tuple[str, dict, str, list, Any]] = [
    ("aa", {"lr": 0.01, "units": 16, "seed": 3}, "SUCCEEDED", [0.1, 0.5], {"default": 0.6, "size": 7}),
    ("bb", {"lr": 0.02, "units": 32, "net": {"_name": "conv", "k": 3}}, "EARLY_STOPPED", [0.2], None),
    ("cc", {"lr": 0.03, "units": 32}, "FAILED", [], None),
    ("dd", {"lr": 0.04, "units": 16}, "RUNNING", [], None),
    ("ee", {"lr": 0.05, "units": 16}, "USER_CANCELED", [], None),
    ("ff", {"lr": 0.06, "units": 16}, "SUCCEEDED", [], 0.5),
]
MAXIMISE = {"name": "TPE", "classArgs": {"optimize_mode": "maximize"}}


def test_trials_of_a_database(warehouse, tmp_path):
    path = tmp_path / "abc" / "db" / "nni.sqlite"
    path.parent.mkdir(parents=True)
    database(path, MADE, MAXIMISE)
    assert [one.kind for one in recognise(path)] == [one.kind for one in recognise(tmp_path / "abc")] == ["nni"]
    load(warehouse, "nni", tmp_path / "abc", options={"metric": "accuracy"})
    found = {one["name"]: one for one in trials(warehouse)}
    states = {name: one["status"] for name, one in found.items()}
    assert states == {
        "aa": "finished",
        "bb": "pruned",
        "cc": "failed",
        "dd": "running",
        "ee": "failed",
        "ff": "finished",
    }
    assert found["aa"]["values"] == {("accuracy", 0): 0.1, ("accuracy", 1): 0.5, ("accuracy", None): 0.6}
    assert found["aa"]["attributes"] == {"size": 7}
    assert found["bb"]["parameters"] == {"lr": 0.02, "units": 32, "net": "conv", "net.k": 3}
    assert found["ee"]["attributes"]["nni_status"] == "USER_CANCELED"
    assert found["aa"]["duration"] == 1
    assert warehouse.sql("select name, direction from core.metric").rows() == [("accuracy", "max")]
    declared = warehouse.sql(
        "select name, scale, lower, upper, choices from core.sweep_parameter "
        "where name in ('lr', 'units', 'seed') order by 1"
    ).rows()
    assert declared == [("lr", "log", 1e-4, 0.1, None), ("seed", "linear", 0, 9, None),
                        ("units", "linear", None, None, "[16, 32]")]  # fmt: skip
    assert load(warehouse, "nni", tmp_path / "abc", options={"metric": "accuracy"}).action == "unchanged"
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_exported_trials_say_the_same_values(warehouse, tmp_path):
    told = [
        {"parameter": parameters if i else json.dumps(parameters), "value": final, "trialJobId": name}
        for i, (name, parameters, last, _, final) in enumerate(MADE)
        if last == "SUCCEEDED"
    ]
    (tmp_path / "e.json").write_text(json.dumps(told))
    assert [one.kind for one in recognise(tmp_path / "e.json")] == ["nni"]
    load(warehouse, "nni", tmp_path / "e.json", options={"direction": "max"})
    assert [(t["name"], t["values"], t["parameters"]["lr"]) for t in trials(warehouse)] == [
        ("aa", {("default", None): 0.6}, 0.01), ("ff", {("default", None): 0.5}, 0.06)
    ]  # fmt: skip
    (tmp_path / "e.json").write_text('[{"value": 1, "id": "x", "parameter": 3}]')
    with pytest.raises(IngestError, match="trial 1 has no parameter"):
        load(warehouse, "nni", tmp_path / "e.json", "again")


def test_a_direction_that_nothing_says_is_asked_for(warehouse, tmp_path):
    path = database(tmp_path / "nni.sqlite", MADE, None)
    with pytest.raises(UsageError, match="is lower or higher better"):
        load(warehouse, "nni", path)
    load(warehouse, "nni", path, options={"direction": "min"})
    made = [("x", {"lr": 1}, "SUCCEEDED", [], {"acc": 1})]
    outcome = load(
        warehouse, "nni", database(tmp_path / "odd.sqlite", made, MAXIMISE), "odd", options={"metric": "odd"}
    )
    assert any("neither a number nor an object with a number 'default': 1" in note for note in outcome.notes)
    with pytest.raises(UsageError, match="no columns to map"):
        load(warehouse, "nni", path, "y", mapping={"lr": "metric"})
    sqlite3.connect(tmp_path / "z.sqlite").execute("create table x (y)").connection.close()
    with pytest.raises(IngestError, match="not the tables of an NNI experiment"):
        load(warehouse, "nni", tmp_path / "z.sqlite", "z")
    (tmp_path / "z.sqlite").write_bytes(path.read_bytes()[:100] + b"x" * 5000)
    with pytest.raises(IngestError, match="cannot be read as SQLite"):
        load(warehouse, "nni", tmp_path / "z.sqlite", "z")
