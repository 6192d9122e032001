"""Long-form runs: one row a point of a trace, as in the literature on mixed models for benchmarking.

Columns: algorithm, benchmark, seed, budget, one or several metrics, and anything else as a run factor or a
meta-feature of the benchmark. CSV (also .gz), Parquet, JSON lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.dimensions import ids_by_name, metric_id, next_id
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.runs import columns as runs_columns
from hpowh.warehouse.sources.runs import summaries
from hpowh.warehouse.sources.runs.factors import refuse_varying
from hpowh.warehouse.sources.runs.metrics import beyond, names_note, odd, odd_costs, read_units
from hpowh.warehouse.sources.runs.plan import Plan
from hpowh.warehouse.sources.runs.unmeasured import leave_out
from hpowh.warehouse.sources.tables.features import add_features
from hpowh.warehouse.sources.tables.numbers import EXACT, FIRST, plain
from hpowh.warehouse.sources.tables.refusals import Refusals
from hpowh.warehouse.sources.tables.staging import ROW
from hpowh.warehouse.sources.tables.tabular import content_fingerprint, first_rows, row_count, stage
from hpowh.warehouse.sources.traced.known import ragged_seeds, refuse_known_runs

if TYPE_CHECKING:
    import duckdb


class RunsSource:
    """`hpowh ingest runs FILE`."""

    kind = "runs"
    summary = "long-form runs: algorithm, benchmark, seed, budget, value, factors (CSV, Parquet, JSON lines)"
    is_live = False

    def fingerprint(self, request: Request) -> str:
        """Return the hash of the file's bytes."""
        return content_fingerprint(request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return mapping, count and first rows."""
        staged = stage(connection, request, runs_columns.likely_numbers(request))
        plan = runs_columns.make(connection, staged, request)
        refuse_varying(connection, plan, staged)
        refusals = Refusals(connection, staged, request)
        refusals.find(plan.key_conditions(), over="hpowh_keys")
        refusals.find(plan.conditions())
        refusals.add(_doubles(plan, staged.positioned))
        summed = summaries.note(summaries.summaries(connection, plan, request))
        notes = [
            *refusals.kinds(),
            *plan.notes(),
            *summed,
            *names_note(connection, plan),
            *odd(connection, plan, staged),
        ]
        rows = first_rows(connection, staged)
        return Preview(row_count(connection, staged), plan.mapping(), list(staged.columns), rows, notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Normalise into run, run_factor and trace; refuse rows without key, with bad numbers or doubled grain."""
        context.progress("read", None)
        staged = stage(connection, request, runs_columns.likely_numbers(request))
        plan = runs_columns.make(connection, staged, request)
        refuse_varying(connection, plan, staged)
        refusals = Refusals(connection, staged, request)
        refusals.find(plan.key_conditions(), over="hpowh_keys")
        refusals.find(plan.conditions())
        summed = summaries.summaries(connection, plan, request)
        accepted = summaries.without(connection, plan, refusals.settle(), summed)
        _refuse_empty(connection, accepted, request)
        said = read_units(connection, plan, staged, accepted, request)
        metrics = _metric_ids(connection, plan, accepted)
        context.progress("load", None)
        _write_runs(connection, plan, "hpowh_keys" if accepted == staged.relation else accepted, context.source_id)
        refuse_known_runs(connection, context.source_id, request.location)
        _write_trace(connection, plan, accepted, metrics, context.source_id)
        context.progress("check", None)
        if _has_doubles(connection, context.source_id, len(metrics)):
            refusals.add(_doubles(plan, staged.positioned))
            accepted = summaries.without(connection, plan, refusals.settle(), summed)
            connection.execute("delete from core.trace where source_id = ?", [context.source_id])
            _write_trace(connection, plan, accepted, metrics, context.source_id)
        unmeasured = [] if plan.metric_name else leave_out(connection, context.source_id, metrics)
        benchmark = plan.text(plan.benchmark, plan.constants.get("benchmark", ""))
        features = {column: plan.sql(column) for column in plan.features}
        add_features(connection, benchmark, features, accepted, context.source_id)
        report = LoadReport(int(connection.execute(f"select count(*) from {accepted}").fetchall()[0][0]))  # noqa: S608
        report.notes = [
            *plan.notes(),
            *summaries.note(summed),
            *unmeasured,
            *beyond(connection, plan, accepted, context.source_id),
        ]
        report.notes += [*said, *names_note(connection, plan), *odd_costs(connection, context.source_id, metrics)]
        report.notes += ragged_seeds(connection, context.source_id)
        refusals.report(report)
        return report


def _refuse_empty(connection: duckdb.DuckDBPyConnection, accepted: str, request: Request) -> None:
    if not connection.execute(f"select 1 from {accepted} limit 1").fetchall():  # noqa: S608
        raise IngestError(f"{request.location} has no row to load.", "Nothing was loaded.")


def _metric_ids(connection: duckdb.DuckDBPyConnection, plan: Plan, accepted: str) -> dict[str, int]:
    """Return metric name -> id, for names that are columns and for names that are values of a column."""
    names = [name for _, name in plan.metrics]
    if plan.metric_name:
        column = plan.text(plan.metric_name)
        names = [row[0] for row in connection.execute(f"select distinct {column} from {accepted}").fetchall()]  # noqa: S608
    return {name: metric_id(connection, name, plan.direction(name), unit=plan.units.get(name)) for name in names}


def _write_runs(connection: duckdb.DuckDBPyConnection, plan: Plan, keyed: str, source_id: int) -> None:
    """Give every distinct run an id (temporary table `hpowh_run`) and write run and run_factor.

    Leaves in the temporary table `hpowh_key_run` which keys, as the file has them, are which run: so what a key means
    is asked once a run, not once a row.
    """
    found = ", ".join(plan.sql(column) for column in plan.key_columns())
    keys = ", ".join(f"{expression} as {alias}" for alias, expression in plan.run_keys())
    aliases = ", ".join(alias for alias, _ in plan.run_keys())
    free = next_id(connection, "run", "run_id")
    connection.execute(
        f"create or replace temp table hpowh_key_run as select *, "  # noqa: S608
        f"(dense_rank() over (order by {aliases}))::integer - 1 + {free} as run_id "
        f"from (select distinct {found and f'{found}, '}{keys} from {keyed})"
    )
    connection.execute(
        f"create or replace temp table hpowh_run as select distinct run_id, {aliases} from hpowh_key_run "  # noqa: S608
        "order by run_id"
    )
    for table in ("experiment", "algorithm", "benchmark"):
        names = [row[0] for row in connection.execute(f"select distinct k_{table} from hpowh_run").fetchall()]  # noqa: S608
        ids_by_name(connection, table, names)
    connection.execute(queries.statement("runs/runs"), {"source": source_id})
    for i, factor in enumerate(plan.factors):
        values = f"f_{i}, {plain(f'f_{i}')}" if plan.is_numeric(factor) else f"null::double, f_{i}"
        connection.execute(
            f"insert into core.run_factor select run_id, {literal(factor)}, {values} "  # noqa: S608
            f"from hpowh_run where f_{i} is not null"
        )


def _write_trace(
    connection: duckdb.DuckDBPyConnection, plan: Plan, accepted: str, metrics: dict[str, int], source_id: int
) -> None:
    needed = _join_keys(connection, plan)
    joined = " and ".join(f"k.{name} {equals} n.{name}" for name, equals in needed) or "true"
    keys = ", ".join(name for name, _ in needed) or "1 as k_none"
    picks = [(column, str(metrics[name])) for column, name in plan.metrics if not plan.metric_name]
    if plan.metric_name:
        cases = " ".join(f"when {literal(name)} then {number}" for name, number in metrics.items())
        keys += f", {plan.text(plan.metric_name)} as m_name"
        picks = [(plan.metrics[0][0], f"case n.m_name {cases} end")]
    for column, metric in picks:
        value, status = plan.value(column)
        with _dictionaries_only(connection):
            connection.execute(
                f"""
                insert into core.trace
                select k.run_id, ({metric})::integer, n.k_budget, n.k_value, n.k_status, {int(source_id)}
                from (select {keys}, {plan.budget_sql()} as k_budget, {value} as k_value, {status} as k_status
                      from {accepted}) as n
                join hpowh_key_run as k on {joined}
                """  # noqa: S608
            )


@contextmanager
def _dictionaries_only(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Try nothing but a dictionary for texts while rows are written whose only text is one of nine words."""
    import duckdb

    connection.execute("set disabled_compression_methods = 'fsst'")
    try:
        yield
    finally:
        # After a failure the transaction takes no statement, and its own error must be the one that is told; until the
        # next load texts are then compressed a little less.
        with suppress(duckdb.TransactionException):
            connection.execute("set disabled_compression_methods = 'none'")


def _join_keys(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[tuple[str, str]]:
    """Return (SQL name, comparison) of as few columns as tell the keys apart: a join on five texts costs seconds."""
    columns = plan.key_columns()

    def keys_told_apart(chosen: list[str]) -> int:
        listed = ", ".join(plan.sql(column) for column in chosen) or "1"
        return int(
            connection.execute(f"select count(*) from (select distinct {listed} from hpowh_key_run)").fetchall()[0][0]  # noqa: S608
        )

    total = keys_told_apart(columns)
    for column in sorted(columns, key=lambda column: column not in plan.factors):
        rest = [other for other in columns if other != column]
        if keys_told_apart(rest) == total:
            columns = rest
    if not columns:
        return []
    names = [plan.sql(column) for column in columns]
    with_null = connection.execute(
        "select " + ", ".join(f"bool_or({name} is null)" for name in names) + " from hpowh_key_run"  # noqa: S608
    ).fetchall()[0]
    return [(name, "is not distinct from" if null else "=") for name, null in zip(names, with_null, strict=True)]


BITS = 2**29
"""So many points of all runs' ranges of budgets are ticked off, bit by bit (64 MB); more are sorted."""


def _has_doubles(connection: duckdb.DuckDBPyConnection, source_id: int, metric_count: int) -> bool:
    """Whether a run has two rows of one metric and budget.

    Budgets that count are ticked off in a row of bits for each run: a fifth of the work of sorting them. Others are
    sorted, but only those of runs whose rows do not lie together with rising budgets, as most files have them.
    """
    ticked = _ticked_off(connection, source_id, metric_count)
    if ticked is not None:
        return ticked
    connection.execute(queries.statement("runs/unsorted"), {"source": source_id})
    if not connection.execute("select 1 from hpowh_unsorted limit 1").fetchall():
        return False
    query = (
        "select 1 from (select budget, lag(budget) over (partition by run_id, metric_id order by budget) as before "  # noqa: S608
        f"from core.trace semi join hpowh_unsorted using (run_id, metric_id) where source_id = {int(source_id)}) "
        "where before = budget limit 1"
    )
    return bool(connection.execute(query).fetchall())


def _ticked_off(connection: duckdb.DuckDBPyConnection, source_id: int, metric_count: int) -> bool | None:
    """Return the same where budgets are whole numbers close enough to one another, else None."""
    own = f"from core.trace where source_id = {int(source_id)}"
    first = f"(select budget {own} limit {FIRST})"
    if not connection.execute(f"select bool_and(budget = trunc(budget)) from {first}").fetchall()[0][0]:  # noqa: S608
        return None
    low, high, are_whole, runs = connection.execute(
        f"select min(budget), max(budget), bool_and(budget = trunc(budget)), (select count(*) from hpowh_run) {own}"  # noqa: S608
    ).fetchall()[0]
    if not are_whole or high >= EXACT or (high - low + 1) * runs * metric_count > BITS:
        return None
    ticked = f"bit_count(bitstring_agg(budget::bigint, {int(low)}::bigint, {int(high)}::bigint))"
    query = f"select 1 {own} group by run_id, metric_id having {ticked} <> count(*) limit 1"
    return bool(connection.execute(query).fetchall())


REPEATED = "this run already has a row with this budget and the same value (a repeated row may be left out)"
BLANKS = (
    "this run already has a row with this budget; {} differs from it in blanks at the ends only, which are left out"
)
AGAIN = "this run already has a row with this budget (a column that tells them apart may be missing as a factor)"


def _doubles(plan: Plan, positioned: str) -> str:
    """SELECT of all rows that repeat the grain of an earlier row."""
    grain = [expression for _, expression in plan.run_keys()] + [plan.budget_sql()]
    if plan.metric_name:
        grain.append(plan.text(plan.metric_name))
    column = plan.budget or plan.metrics[0][0]
    values = [plan.sql(name) for name, _ in plan.metrics]
    same = " and ".join(f"{value} is not distinct from first({value}) over w" for value in values)
    texts = [key for key in plan.key_columns() if plan.columns[key] == "VARCHAR"]
    blanks = " ".join(
        f"when {plan.sql(key)} <> first({plan.sql(key)}) over w then {literal(BLANKS.format(repr(key)))}"
        for key in texts
    )
    return (
        f"select {ROW}, {literal(column)}, {plan.sql(column)}::varchar, "  # noqa: S608
        f"case {blanks} when {same} then {literal(REPEATED)} else {literal(AGAIN)} end from {positioned} "
        f"where {ROW} not in (select {ROW} from hpowh_refused) "
        f"window w as (partition by {', '.join(grain)} order by {ROW}) qualify row_number() over w > 1"
    )


SOURCE = RunsSource()
