"""Wide tables of results: methods by tasks (leaderboards) or tasks by methods (autorank, scmamp), one number a cell.

A cell is one run without a seed: the value of a method on a task. CSV (also .gz), Parquet, JSON lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.dimensions import ids_by_name, metric_id, next_id
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.leaderboard.plan import Plan, make
from hpowh.warehouse.sources.tables.numbers import finite, status_of
from hpowh.warehouse.sources.tables.refusals import Refusals
from hpowh.warehouse.sources.tables.staging import ROW, Staged
from hpowh.warehouse.sources.tables.tabular import content_fingerprint, first_rows, row_count, stage
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    import duckdb


class LeaderboardSource:
    """`hpowh ingest leaderboard FILE`."""

    kind = "leaderboard"
    summary = "wide tables of results: methods x tasks or tasks x methods, one number a cell (CSV, Parquet, JSON lines)"
    is_live = False

    def fingerprint(self, request: Request) -> str:
        """Return the hash of the file's bytes."""
        return content_fingerprint(request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return mapping, count and first rows."""
        staged = stage(connection, request)
        plan = make(connection, staged, request)
        refusals = Refusals(connection, staged, request)
        _refuse(refusals, plan, staged)
        rows, notes = first_rows(connection, staged), [*refusals.kinds(), *plan.notes()]
        return Preview(row_count(connection, staged), plan.mapping(), list(staged.columns), rows, notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write one run and one point a cell; a row without a name, or a second one of a name, is refused."""
        context.progress("read", None)
        staged = stage(connection, request)
        plan = make(connection, staged, request)
        refusals = Refusals(connection, staged, request)
        _refuse(refusals, plan, staged)
        if refusals.count:
            refusals.settle()
        rows = _long(connection, plan, staged)
        if not rows:
            raise IngestError(f"{request.location} has no row to load.", "Nothing was loaded.")
        context.progress("load", None)
        _write(connection, plan, context.source_id)
        _refuse_known(connection, context.source_id, request)
        report = LoadReport(rows, notes=[*plan.notes(), *_behind(connection, plan, staged), *_missing(connection)])
        refusals.report(report)
        return report


def _refuse(refusals: Refusals, plan: Plan, staged: Staged) -> None:
    """Refuse rows without a name, rows that repeat one (and its seed), and cells that hold no number."""
    if plan.label is not None:
        name = plan.label_sql()
        refusals.find([(plan.label, f"{name} is null", f"the {plan.row_role} is missing")])
        grain = ", ".join([name, *([plan.seed_sql()] if plan.seed else [])])
        reason = f"the {plan.row_role} occurs twice (a column that tells its rows apart is the seed: --map COLUMN=seed)"
        refusals.add(
            f"select {ROW}, {literal(plan.label)}, {name}, {literal(reason)} from {staged.positioned} "  # noqa: S608
            f"where {name} is not null and {plan.is_result_sql()} "
            f"qualify row_number() over (partition by {grain} order by {ROW}) > 1"
        )
    if plan.seed:
        missing = f"({plan.seed_sql()} is null and {plan.is_result_sql()})"
        refusals.find([(plan.seed, missing, "the seed is no whole number")])
    there = plan.is_result_sql()
    refusals.find(
        [(column, f"({plan.not_a_number(column)} and {there})", "this is not a number") for column in plan.values]
    )


def _long(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> int:
    """Leave the cells of the accepted rows in the temporary table `hpowh_cell`; return how many rows there were."""
    good = (
        f"(select * from {staged.positioned} where {plan.is_result_sql()} "  # noqa: S608
        f"and {ROW} not in (select {ROW} from hpowh_refused))"
    )
    label = plan.label_sql() if plan.label is not None else f"'row ' || {ROW}"
    seed = plan.seed_sql() if plan.seed else "null::bigint"
    picks = " union all ".join(
        f"select {label} as row_name, {literal(plan.name_of(column))} as column_name, {seed} as seed, "  # noqa: S608
        f"{plan.number(column)} as value from {good}"
        for column in plan.values
    )
    connection.execute(f"create or replace temp table hpowh_cell as {picks}")
    return int(connection.execute(f"select count(*) from {good}").fetchall()[0][0])  # noqa: S608


def _write(connection: duckdb.DuckDBPyConnection, plan: Plan, source_id: int) -> None:
    algorithm, benchmark = ("row_name", "column_name") if plan.row_role == "algorithm" else ("column_name", "row_name")
    for table, column in (("algorithm", algorithm), ("benchmark", benchmark)):
        found = connection.execute(f"select distinct {column} from hpowh_cell order by 1").fetchall()  # noqa: S608
        ids_by_name(connection, table, [row[0] for row in found])
    experiment = ids_by_name(connection, "experiment", [plan.experiment])[plan.experiment]
    metric = metric_id(connection, plan.metric, plan.direction)
    free = next_id(connection, "run", "run_id")
    number = f"(row_number() over (order by a.name, b.name, c.seed))::integer - 1 + {free}"
    connection.execute(
        f"create or replace temp table hpowh_run as select {number} as run_id, a.algorithm_id, b.benchmark_id, "  # noqa: S608
        f"c.seed, c.value from hpowh_cell as c join core.algorithm as a on a.name = c.{algorithm} "
        f"join core.benchmark as b on b.name = c.{benchmark}"
    )
    connection.execute(
        "insert into core.run select run_id, ?, algorithm_id, benchmark_id, seed, null, ? from hpowh_run",
        [experiment, source_id],
    )
    connection.execute(
        f"insert into core.trace select run_id, ?, 1.0, {finite('value')}, {status_of('value')}, ? from hpowh_run",  # noqa: S608
        [metric, source_id],
    )


def _refuse_known(connection: duckdb.DuckDBPyConnection, source_id: int, request: Request) -> None:
    """A run of an experiment has one source."""
    clash = connection.execute(queries.text("sources/known_on_boards"), {"source": source_id}).fetchall()
    if clash:
        experiment, algorithm, benchmark, source = clash[0]
        raise IngestError(
            f"{request.location}: the experiment {experiment!r} already has {algorithm} on {benchmark} from source "
            f"{source!r}.",
            "Give this experiment another name with --experiment NAME, or replace that source.",
        )


def _behind(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> list[str]:
    """Say in how many cells only a part is the number."""
    picks = " union all ".join(
        f"select {plan.columns.sql(column)}::varchar as cell from {staged.positioned} "  # noqa: S608
        f"where {plan.behind(column)} and {plan.is_result_sql()}"
        for column in plan.values
    )
    count, cell = connection.execute(f"select count(*), any_value(trim(cell)) from ({picks})").fetchall()[0]  # noqa: S608
    return [f"Read without what stands behind the number: {plural(count, 'cell')}, such as {cell!r}."] if count else []


def _missing(connection: duckdb.DuckDBPyConnection) -> list[str]:
    empty, cells = connection.execute(
        "select count(*) filter (where value is null or isnan(value)), count(*) from hpowh_cell"
    ).fetchall()[0]
    return [f"{empty:,} of {cells:,} cells have no value: such runs count as failed."] if empty else []


SOURCE = LeaderboardSource()
