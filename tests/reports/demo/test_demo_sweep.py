"""The demo's sweeps: real trials, the same ones again, going on where they were stopped."""

from __future__ import annotations

import json
from pathlib import Path

from hpowh.reports.demo.sweep import run_demo_sweep


def told(path: Path) -> list[dict]:
    """The trials without what depends on the clock."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in ("started_at", "runtime")} for row in rows]


def test_a_sweep_that_was_stopped_in_a_line_goes_on_and_ends_the_same(tmp_path):
    path = tmp_path / "w.jsonl"
    assert run_demo_sweep(path, "wine", 6) == 6
    whole = told(path)
    assert [row["name"] for row in whole] == [f"wine-{i}" for i in range(6)]
    assert {row["state"] for row in whole} <= {"finished", "failed"}
    assert all(0 < row["accuracy"] <= 1 for row in whole if row["state"] == "finished")
    path.write_text(path.read_text()[:-20])
    assert run_demo_sweep(path, "wine", 6) == 1
    assert told(path) == whole
    assert run_demo_sweep(path, "wine", 6) == 0
