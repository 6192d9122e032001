"""The metrics of a long-form file: their units, and what looks odd in their values and among names and factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hpowh.warehouse.sources.tables.alike import near_names
from hpowh.warehouse.sources.tables.doctor import mixed_units, no_settings, penalties
from hpowh.warehouse.sources.tables.numbers import LARGEST, beyond_notes
from hpowh.warehouse.sources.tables.units import needs_range, settled, unit_here

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request
    from hpowh.warehouse.sources.runs.plan import Plan
    from hpowh.warehouse.sources.tables.staging import Staged


def read_units(
    connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, accepted: str, request: Request
) -> list[str]:
    """Find the unit of each metric and what its values are multiplied by; return what was assumed.

    Raises:
        IngestError: the warehouse has a metric in another unit and nobody said which this is.
    """
    notes = []
    for column, metric in plan.metrics if not plan.metric_name else []:
        value = plan.number(column)
        between = (None, None)
        if needs_range(column, metric) or request.options.get("unit"):
            between = connection.execute(
                f"select min(v), max(v) from (select {value} as v from {accepted}) where abs(v) <= {LARGEST!r} "  # noqa: S608
                + (f"and v <> {plan.failed_value!r}" if plan.failed_value is not None else "")
            ).fetchall()[0]
        unit, is_given = unit_here(request.options, column, metric, between, signed=column in staged.percents)
        plan.units[metric], plan.factors_of_units[column], note = settled(connection, metric, unit, is_given, between)
        notes += [note] if note else []
    return notes


def names_note(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """Say which names of algorithms, benchmarks and levels are nearly the same."""
    texts = [column for column in plan.key_columns() if plan.columns[column] == "VARCHAR"]
    return near_names(connection, "hpowh_keys", {column: plan.sql(column) for column in texts}, are_trimmed=True)


def odd(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> list[str]:
    """Say what looks odd in the values and among the factors."""
    values = {column: plan.number(column) for column, _ in plan.metrics}
    found = beyond_notes(connection, staged.relation, values)
    benchmark = plan.sql(plan.benchmark) if plan.benchmark else None
    for column, value in values.items():
        found += penalties(connection, staged.relation, column, value) if plan.failed_value is None else []
        found += mixed_units(connection, staged.relation, column, value, benchmark)
    return found + no_settings(connection, staged.relation, {column: plan.sql(column) for column in plan.factors})


def odd_costs(connection: duckdb.DuckDBPyConnection, source_id: int, metrics: Mapping[str, int]) -> list[str]:
    """Say the same of costs that were loaded, metric by metric (name -> id)."""
    found = []
    for name, number_of in sorted(metrics.items(), key=lambda one: one[1]):
        own = f"t.source_id = {int(source_id)} and t.metric_id = {int(number_of)}"
        found += penalties(connection, f"(select t.value from core.trace as t where {own})", name, "value")  # noqa: S608
        relation = (
            "(select t.value, r.benchmark_id from core.trace as t join core.run as r using (run_id) "  # noqa: S608
            f"where {own})"
        )
        found += mixed_units(connection, relation, name, "value", "benchmark_id")
    return found


def beyond(connection: duckdb.DuckDBPyConnection, plan: Plan, accepted: str, source_id: int) -> list[str]:
    """Say how many values are so large that they are read as infinite; looks only where some are infinite."""
    if not connection.execute(
        "select 1 from core.trace where source_id = ? and status in ('inf', 'neg_inf') limit 1", [source_id]
    ).fetchall():
        return []
    return beyond_notes(connection, accepted, {column: plan.number(column) for column, _ in plan.metrics})
