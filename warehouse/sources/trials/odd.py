"""What looks odd in a table of trials: the same questions as of any table, asked of its cells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.sources.tables.alike import near_names
from hpowh.warehouse.sources.tables.doctor import no_settings, penalties
from hpowh.warehouse.sources.trials.cells import EXACT, are_labels, read_number

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.trials.plan import Plan
    from hpowh.warehouse.sources.trials.rows import Rows


def odd(connection: duckdb.DuckDBPyConnection, plan: Plan, rows: Rows, failed_value: float | None) -> list[str]:
    """Return sentences about values, names and columns of the trials; leaves no table behind."""
    import polars as pl

    names = [*plan.hyperparameters]
    texts = {f"c{i}": [_text(row.get(name)) for row in rows.rows] for i, name in enumerate(names)}
    values = {
        f"v{i}": [read_number(row.get(column))[0] for row in rows.rows]
        for i, (column, _) in enumerate(plan.metric_columns)
    }
    schema = dict.fromkeys(texts, pl.String) | dict.fromkeys(values, pl.Float64)
    frame = pl.DataFrame(texts | values, schema=schema)
    connection.register("_cells", frame.to_arrow())
    try:
        found = []
        for i, (column, _) in enumerate(plan.metric_columns):
            found += penalties(connection, "_cells", column, f"v{i}") if failed_value is None else []
        columns = {name: f"c{i}" for i, name in enumerate(names)}
        found += near_names(connection, "_cells", columns) + no_settings(connection, "_cells", columns)
    finally:
        connection.unregister("_cells")
    large = [name for name in names if _has_large(row.get(name) for row in rows.rows)]
    if large:
        found.append(f"Whole numbers beyond 2^53, which are kept as texts: {', '.join(large)}.")
    labels = [c for c in names if c not in large and are_labels(row.get(c) for row in rows.rows)]
    return found + ([f"Numbers spelt as labels, which are kept as texts: {', '.join(labels)}."] if labels else [])


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _has_large(values: Any) -> bool:
    texts = (str(value).strip().lstrip("+-") for value in values if isinstance(value, str | int))
    return any(text.isdigit() and len(text) < 40 and int(text) > EXACT for text in texts)
