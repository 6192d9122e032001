"""What the warehouse holds of sweeps, in one shape for the tests of all sources of sweeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Outcome, Request, find_source, ingest


def load(warehouse: Warehouse, kind: str, path: Path, name: str = "study", **more: Any) -> Outcome:
    """Ingest one source."""
    return ingest(warehouse, find_source(kind), Request(str(path), name, **more))


def trials(warehouse: Warehouse, sweep: str | None = None) -> list[dict[str, Any]]:
    """Return the trials of a sweep (or of all) by number, with all that belongs to them."""
    found = []
    for trial_id, name, number, status, started, ended, duration in warehouse.sql(
        "select trial_id, t.name, number, status, started_at, ended_at, duration from core.trial as t "
        "join core.sweep as s using (sweep_id) where s.name = coalesce($1, s.name) order by s.sweep_id, number",
        [sweep],
    ).rows():
        parameters = warehouse.sql(
            "select name, numeric_value, text_value from core.trial_parameter where trial_id = ?", [trial_id]
        ).rows()
        values = warehouse.sql(
            "select m.name, v.step, v.value, v.status from core.trial_metric as v join core.metric as m "
            "using (metric_id) where trial_id = ? order by m.name, v.step nulls last",
            [trial_id],
        ).rows()
        attributes = warehouse.sql("select name, value from core.trial_attribute where trial_id = ?", [trial_id]).rows()
        found.append(
            {
                "name": name,
                "number": number,
                "status": status,
                "started_at": started,
                "ended_at": ended,
                "duration": duration,
                "parameters": {key: text if value is None else value for key, value, text in parameters},
                "values": {(metric, step): state if value is None else value for metric, step, value, state in values},
                "attributes": {key: json.loads(value) for key, value in attributes},
            }
        )
    return found


def counts(warehouse: Warehouse) -> dict[str, int]:
    """Return the number of rows of every table that a sweep's source fills."""
    tables = ("sweep", "sweep_metric", "sweep_parameter", "sweep_constraint", "trial", "trial_parameter",
              "trial_metric", "trial_attribute", "run", "trace", "benchmark_feature")  # fmt: skip
    return {table: warehouse.sql(f"select count(*) from core.{table}").one() for table in tables}
