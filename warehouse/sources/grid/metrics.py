"""The metrics of a wide file: their units, and what looks odd in their values and among the hyperparameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.sources.tables.alike import near_names
from hpowh.warehouse.sources.tables.doctor import mixed_units, no_settings, penalties
from hpowh.warehouse.sources.tables.numbers import LARGEST, beyond_notes
from hpowh.warehouse.sources.tables.units import needs_range, settled, unit_here

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request
    from hpowh.warehouse.sources.grid.plan import Plan
    from hpowh.warehouse.sources.tables.staging import Staged


def read_units(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, request: Request) -> list[str]:
    """Find the unit of each metric and what its values are multiplied by; return what was assumed.

    Raises:
        IngestError: the warehouse has a metric in another unit and nobody said which this is.
    """
    notes = []
    for metric in plan.metrics:
        value = plan.number(metric.column)
        between = (None, None)
        if needs_range(metric.column, metric.name) or request.options.get("unit"):
            between = connection.execute(
                f"select min(v), max(v) from (select {value} as v from {staged.relation}) "  # noqa: S608
                f"where abs(v) <= {LARGEST!r}"
                + (f" and v <> {plan.failed_value!r}" if plan.failed_value is not None else "")
            ).fetchall()[0]
        signed = metric.column in staged.percents
        unit, is_given = unit_here(request.options, metric.column, metric.name, between, signed=signed)
        known, factor, note = settled(connection, metric.name, unit, is_given, between)
        plan.units[metric.name], plan.factors_of_units[metric.column] = known, factor
        notes += [note] if note and note not in notes else []
    return notes


def odd(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, settings: str) -> list[str]:
    """Say what looks odd in the values and among the hyperparameters.

    Args:
        settings: the relation that has each combination of the hyperparameters' cells.
    """
    values = {one.column: plan.number(one.column) for one in plan.metrics}
    found = beyond_notes(connection, staged.relation, values)
    column = plan.column("benchmark")
    benchmark = plan.sql(column) if column else None
    for name, value in values.items():
        found += penalties(connection, staged.relation, name, value) if plan.failed_value is None else []
        found += mixed_units(connection, staged.relation, name, value, benchmark)
    texts = {name: plan.sql(name) for name in plan.hyperparameters if plan.columns[name] == "VARCHAR"}
    found += near_names(connection, settings, texts)
    if column and plan.columns[column] == "VARCHAR":
        found += near_names(connection, staged.relation, {column: plan.sql(column)})
    names = {name: plan.sql(name) for name in plan.hyperparameters}
    return found + no_settings(connection, staged.relation, names, combinations_of=settings)
