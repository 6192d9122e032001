"""The source `trackio`, on databases in trackio's form, and on one that it wrote."""

from __future__ import annotations

import json
import math
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.recognise import recognise

from ..stored import load, trials

Run = tuple[str, dict, list[tuple[int, dict]]]
START = "2026-01-02T03:04:0{}+00:00"


def project(path: Path, runs: list[Run], *, has_ids: bool = True) -> Path:
    """Write a project; without ids as trackio's first versions did."""
    own = "run_id text, " if has_ids else ""
    with sqlite3.connect(path) as store:
        store.execute(
            f"create table configs (id integer primary key, {own}run_name text, config text, created_at text)"
        )
        store.execute(
            f"create table metrics (id integer primary key, {own}timestamp text, run_name text, step integer, "
            "metrics text)"
        )
        for number, (name, config, logged) in enumerate(runs):
            key = (f"id{number}",) if has_ids else ()
            told = json.dumps(config | {"_Created": START.format(number), "_Username": "me"}).encode()
            marks = ", ".join("?" * (len(key) + 3))
            names = f"{'run_id, ' if has_ids else ''}run_name, config, created_at"
            store.execute(f"insert into configs ({names}) values ({marks})", (*key, name, told, START.format(9)))
            for step, metrics in logged:
                names = f"{'run_id, ' if has_ids else ''}run_name, step, timestamp, metrics"
                row = (*key, name, step, START.format(number + step), json.dumps(metrics).encode())
                store.execute(f"insert into metrics ({names}) values ({marks}, ?)", row)
    store.close()
    return path


RUNS: list[Run] = [
    (
        "b",
        {"lr": 0.2, "net": {"depth": 3}, "tags": ["x"]},
        [(0, {"loss": 1.5}), (2, {"loss": 0.5}), (1, {"loss": "NaN"})],
    ),
    ("a", {"lr": 0.1, "net": {"depth": 4}}, [(0, {"loss": 2.0, "train": {"acc": 0.3}}), (1, {"loss": "Infinity"})]),
    ("idle", {"lr": 0.3}, []),
]


@pytest.mark.parametrize("has_ids", [True, False])
def test_runs_are_trials_with_their_course(warehouse, tmp_path, has_ids):
    path = project(tmp_path / "demo.db", RUNS, has_ids=has_ids)
    assert [one.kind for one in recognise(path)] == ["trackio"]
    outcome = load(warehouse, "trackio", path)
    found = trials(warehouse)
    assert [(one["name"], one["parameters"].get("net.depth")) for one in found] == [("b", 3), ("a", 4), ("idle", None)]
    assert found[0]["values"] == {("loss", 0): 1.5, ("loss", 1): "nan", ("loss", 2): 0.5, ("loss", None): 0.5}
    assert found[1]["values"][("loss", None)] == "inf"
    assert found[1]["attributes"]["train.acc"] == 0.3
    assert found[0]["started_at"] == datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)
    assert not any(name.startswith("_") for one in found for name in one["parameters"])
    assert any("does not keep when a run ended" in note for note in outcome.notes)
    assert load(warehouse, "trackio", path).action == "unchanged"
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_a_folder_holds_a_sweep_a_project_and_a_growing_one_is_updated(warehouse, tmp_path):
    for name in ("one", "two"):
        project(tmp_path / f"{name}.db", RUNS[:2])
    sqlite3.connect(tmp_path / "other.db").execute("create table x (y)").connection.close()
    assert [one.kind for one in recognise(tmp_path)] == ["trackio"]
    load(warehouse, "trackio", tmp_path, "all")
    assert warehouse.sql("select name from core.sweep order by 1").rows() == [("one",), ("two",)]
    with sqlite3.connect(tmp_path / "two.db") as store:
        store.execute("insert into metrics (run_id, run_name, step, timestamp, metrics) values "
                      "('id0', 'b', 3, ?, '{\"loss\": 0.25}')", [START.format(8)])  # fmt: skip
    store.close()
    assert load(warehouse, "trackio", tmp_path, "all").action == "update"
    assert trials(warehouse, "two")[0]["values"][("loss", None)] == 0.25


def test_the_metric_is_asked_for_and_what_is_not_trackios_refused(warehouse, tmp_path):
    path = project(tmp_path / "p.db", [("a", {"lr": 1}, [(0, {"one": 1.0, "two": 2.0})])])
    with pytest.raises(UsageError, match="Which value of 'p' is the metric"):
        load(warehouse, "trackio", path)
    load(warehouse, "trackio", path, mapping={"two": "metric"}, options={"direction": "max"})
    assert trials(warehouse)[0]["values"][("two", None)] == 2.0
    sqlite3.connect(tmp_path / "x.db").execute("create table configs (id)").connection.close()
    with pytest.raises(IngestError, match="is no trackio project"):
        load(warehouse, "trackio", tmp_path / "x.db")
    with sqlite3.connect(path) as store:
        store.execute("update configs set config = 'none'")
    store.close()
    with pytest.raises(IngestError, match="are no JSON object"):
        load(warehouse, "trackio", path, "again")


SCRIPT = """
import os, sys
os.environ["TRACKIO_DIR"] = sys.argv[1]
import trackio
for i in range(2):
    trackio.init(project="demo", name=f"run{i}", config={"lr": 0.1 * (i + 1), "net": {"depth": i}})
    for step in range(3):
        trackio.log({"loss": 1 / (step + 1), "odd": float("nan")})
    trackio.finish()
"""


@pytest.mark.slow
def test_what_trackio_itself_wrote(warehouse, tmp_path, peer):
    peer("trackio").run(SCRIPT, tmp_path / "made", cwd=tmp_path, env={"HOME": str(tmp_path)})
    load(warehouse, "trackio", tmp_path / "made", mapping={"loss": "metric"})
    found = trials(warehouse)
    assert [one["parameters"] for one in found] == [{"lr": 0.1, "net.depth": 0}, {"lr": 0.2, "net.depth": 1}]
    assert math.isclose(found[1]["values"][("loss", None)], 1 / 3)
