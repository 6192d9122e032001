"""Remove what one source brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.checks.seal import remove_seals

if TYPE_CHECKING:
    import duckdb

OF_TRIAL = ("trial_parameter", "trial_metric", "trial_attribute")
OF_SWEEP = ("sweep_metric", "sweep_parameter", "sweep_constraint")
WITH_SOURCE = ("trace", "run", "evaluation", "trial", "sweep", "benchmark_feature")


def remove_source(connection: duckdb.DuckDBPyConnection, source_id: int) -> None:
    """Delete every fact of a source and its row; names and search spaces stay, other sources may use them."""
    connection.execute(
        "delete from core.run_factor where run_id in (select run_id from core.run where source_id = ?)", [source_id]
    )
    for table in OF_TRIAL:
        connection.execute(
            f"delete from core.{table} where trial_id in (select trial_id from core.trial where source_id = ?)",  # noqa: S608
            [source_id],
        )
    for table in OF_SWEEP:
        connection.execute(
            f"delete from core.{table} where sweep_id in (select sweep_id from core.sweep where source_id = ?)",  # noqa: S608
            [source_id],
        )
    for table in WITH_SOURCE:
        connection.execute(f"delete from core.{table} where source_id = ?", [source_id])  # noqa: S608
    connection.execute("delete from core.source where source_id = ?", [source_id])
    remove_seals(connection, "source", [source_id])
