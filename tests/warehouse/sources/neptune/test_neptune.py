"""The source `neptune`, on neptune-exporter's files and on tables of runs, in their forms."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.recognise import recognise

from ..stored import load, trials

SCHEMA = pa.schema(
    [("project_id", pa.string()), ("run_id", pa.string()), ("attribute_path", pa.string()),
     ("attribute_type", pa.string()), ("step", pa.decimal128(18, 6)), ("timestamp", pa.timestamp("ms", "UTC")),
     ("int_value", pa.int64()), ("float_value", pa.float64()), ("string_value", pa.string()),
     ("bool_value", pa.bool_()), ("datetime_value", pa.timestamp("ms", "UTC")),
     ("string_set_value", pa.list_(pa.string()))]
)  # fmt: skip
KINDS = {bool: "bool", int: "int", float: "float", str: "string", datetime: "datetime", list: "string_set"}
BEGAN = datetime(2026, 1, 2, tzinfo=UTC)


def exported(path: Path, run: str, values: dict[str, Any], series: dict[str, dict[str, float]]) -> None:
    """Write one run; the rows in an order of no meaning."""
    rows = [
        {"attribute_path": name, "attribute_type": KINDS[type(value)], f"{KINDS[type(value)]}_value": value}
        for name, value in values.items()
    ] + [
        {"attribute_path": name, "attribute_type": "float_series", "step": Decimal(step), "float_value": value}
        for name, course in series.items()
        for step, value in course.items()
    ]
    random.Random(1).shuffle(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [row | {"project_id": "me/project", "run_id": run} for row in rows]
    pq.write_table(pa.Table.from_pylist(told, schema=SCHEMA), path)


def folder(path: Path, setting: str = "parameters/") -> Path:
    for i in range(3):
        values = {f"{setting}lr": 0.1 * (i + 1), f"{setting}opt": "ab"[i % 2], f"{setting}drop": i == 1,
                  "sys/creation_time": BEGAN.replace(hour=3 - i), "sys/failed": i == 2, "sys/state": "inactive",
                  "sys/tags": ["x", "y"], "monitoring/cpu": 3.5}  # fmt: skip
        course = {"0.000000": 2.0, "1.000000": 1.0 / (i + 1)}
        exported(path / "me_project" / f"P-{i}_part_0.parquet", f"P-{i}", values, {"val/loss": course})
    return path


def test_exported_runs_are_trials_with_their_course(warehouse, tmp_path):
    path = folder(tmp_path / "data")
    assert [one.kind for one in recognise(path)] == ["neptune"]
    assert [one.kind for one in recognise(next(path.rglob("*.parquet")))] == ["neptune"]
    load(warehouse, "neptune", path)
    found = trials(warehouse, "me/project")
    assert [one["attributes"]["id"] for one in found] == ["P-2", "P-1", "P-0"]
    assert [one["status"] for one in found] == ["failed", "finished", "finished"]
    assert found[1]["parameters"] == {"lr": 0.2, "opt": "b", "drop": "true"}
    assert found[1]["values"] == {("val/loss", 0): 2.0, ("val/loss", 1): 0.5, ("val/loss", None): 0.5}
    assert found[1]["attributes"]["tags"] == "x, y"
    assert "monitoring/cpu" not in found[1]["attributes"]
    assert load(warehouse, "neptune", path).action == "unchanged"
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_without_a_usual_beginning_it_is_said_what_was_taken_as_configured(warehouse, tmp_path):
    outcome = load(warehouse, "neptune", folder(tmp_path / "data", "mine/"))
    assert set(trials(warehouse)[0]["parameters"]) == {"mine/lr", "mine/opt", "mine/drop"}
    assert any("No path begins with parameters/" in note for note in outcome.notes)


CSV = """sys/id,sys/state,sys/failed,sys/creation_time,parameters/lr,parameters/layers,metrics/val_acc,metrics/epoch
P-2,inactive,False,2026-01-02 10:00:00.5,0.2,"[1, 2]",0.75,3
P-1,inactive,True,2026-01-01 10:00:00.5,0.1,"[1]",,1
P-3,active,False,2026-01-03 10:00:00.5,0.3,,0.5,2
"""


def test_the_table_of_runs(warehouse, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(CSV)
    assert [one.kind for one in recognise(path)] == ["neptune"]
    load(warehouse, "neptune", path, mapping={"metrics/val_acc": "metric"})
    found = trials(warehouse)
    assert [(one["name"], one["status"]) for one in found] == [
        ("P-1", "failed"),
        ("P-2", "finished"),
        ("P-3", "running"),
    ]
    assert found[1]["values"] == {("metrics/val_acc", None): 0.75}
    assert found[1]["parameters"]["lr"] == 0.2
    assert "layers" not in found[2]["parameters"]
    assert warehouse.sql("select direction from core.metric").one() == "max"
    lines = CSV.splitlines()
    (tmp_path / "shuffled.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    load(warehouse, "neptune", tmp_path / "shuffled.csv", "shuffled", mapping={"metrics/val_acc": "metric"})
    assert [one["parameters"] for one in trials(warehouse, "shuffled")] == [one["parameters"] for one in found]
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_the_metric_is_asked_for_and_runs_are_there_once(warehouse, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(CSV.replace("val_acc", "first").replace("epoch", "second"))
    with pytest.raises(UsageError, match="Which value of 'study' is the metric"):
        load(warehouse, "neptune", path)
    path.write_text(CSV.replace("P-1", "P-2"))
    with pytest.raises(IngestError, match="the run P-2 is there twice"):
        load(warehouse, "neptune", path)
    path.write_text(CSV.replace("P-1", ""))
    with pytest.raises(IngestError, match="row 2 has no sys/id"):
        load(warehouse, "neptune", path)
    data = folder(tmp_path / "data")
    one = next(data.rglob("*.parquet"))
    whole = one.read_bytes()
    for torn in (whole[:200] + whole[260:], whole[:-9]):
        one.write_bytes(torn)
        for path in (one, data):
            with pytest.raises(IngestError, match=one.name):
                load(warehouse, "neptune", path)
