"""Wide grids: one row a configuration (and seed, fold, fidelity), one column a hyperparameter, one a metric.

CSV (also .gz), Parquet, JSON lines. Levels are those in the file, unless the space is known already or declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.dimensions import (
    Hyperparameter,
    configuration_count,
    ids_by_name,
    metric_id,
    search_space_id,
    strides_of,
)
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.grid import columns as grid_columns
from hpowh.warehouse.sources.grid import levels as grid_levels
from hpowh.warehouse.sources.grid.conditions import condition_notes, is_active, with_conditions, with_defaults
from hpowh.warehouse.sources.grid.metrics import odd, read_units
from hpowh.warehouse.sources.grid.plan import Metric, Plan
from hpowh.warehouse.sources.tables.refusals import Refusals
from hpowh.warehouse.sources.tables.staging import ROW
from hpowh.warehouse.sources.tables.tabular import content_fingerprint, first_rows, row_count, stage
from hpowh.warehouse.wording import percent

if TYPE_CHECKING:
    import duckdb


class GridSource:
    """`hpowh ingest grid FILE`."""

    kind = "grid"
    summary = "wide grids: one column a hyperparameter, one or several metrics (CSV, Parquet, JSON lines)"
    is_live = False

    def fingerprint(self, request: Request) -> str:
        """Return the hash of the file's bytes."""
        return content_fingerprint(request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return mapping, count and first rows; the levels found are in the notes."""
        staged = stage(connection, request)
        plan = grid_columns.make(connection, staged, request)
        found = grid_levels.planned(connection, plan, staged.relation, request)
        grid_levels.write_table(connection, plan, found, staged.positioned)
        found = with_conditions(connection, plan, found, staged.relation)
        found = with_defaults(found, request.options.get("default"))
        cells = configuration_count(found)
        refusals = Refusals(connection, staged, request)
        refusals.find(plan.conditions())
        _refuse_unknown_levels(refusals, plan, found, staged.positioned)
        good = f"(select * from {staged.positioned} where {ROW} not in (select {ROW} from hpowh_refused))"  # noqa: S608
        _rank(connection, plan, found, good)
        refusals.add(_doubles(plan, found))
        looks = odd(connection, plan, staged)
        counted = "1 hyperparameter" if len(found) == 1 else f"{len(found)} hyperparameters"
        notes = [
            *refusals.kinds(),
            *plan.notes(),
            *looks,
            f"Search space {plan.space!r}: {counted}, {cells:,} cells.",
        ]
        notes += [f"  {h.name} ({h.kind}): {grid_levels.shown(h)}" for h in found]
        notes += [*condition_notes(found), *grid_levels.order_notes(found, request)]
        rows = first_rows(connection, staged)
        return Preview(row_count(connection, staged), plan.mapping(), list(staged.columns), rows, notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write the space and its evaluations; refuse unknown levels, bad numbers and doubled grain."""
        context.progress("read", None)
        staged = stage(connection, request)
        plan = grid_columns.make(connection, staged, request)
        refusals = Refusals(connection, staged, request)
        refusals.find(plan.conditions())
        if staged.problems:
            refusals.settle()
        is_known = grid_levels.from_warehouse(connection, plan.space) is not None
        space = grid_levels.resolve(connection, plan, staged.relation, request)
        grid_levels.write_table(connection, plan, space, staged.positioned)
        if not is_known:
            space = with_conditions(connection, plan, space, staged.relation)
        space = with_defaults(space, request.options.get("default"), is_known=is_known)
        _refuse_unknown_levels(refusals, plan, space, staged.positioned)
        refusals.settle()
        good = f"(select * from {staged.positioned} where {ROW} not in (select {ROW} from hpowh_refused))"  # noqa: S608
        _rank(connection, plan, space, good if refusals.count else staged.positioned)
        if _doubles_exist(connection):
            refusals.add(_doubles(plan, space))
            refusals.settle()
            connection.execute(f"delete from hpowh_grid where {ROW} in (select {ROW} from hpowh_refused)")  # noqa: S608
        rows = int(connection.execute("select count(*) from hpowh_grid").fetchall()[0][0])
        if not rows:
            raise IngestError(f"{request.location} has no row to load.", "Nothing was loaded.")
        context.progress("load", None)
        space_id = search_space_id(connection, plan.space, space, context.source_id)
        said = read_units(connection, plan, staged, request)
        metrics = [(metric, _metric(connection, plan, metric.name)) for metric in plan.metrics]
        ids_by_name(connection, "benchmark", _benchmarks(connection))
        _refuse_known(connection, plan, space_id, [number for _, number in metrics], request)
        for metric, number in metrics:
            connection.execute(_insert(plan, metric, number, space_id, context.source_id))
        order = [] if is_known else [*condition_notes(space), *grid_levels.order_notes(space, request)]
        report = LoadReport(rows, notes=[*plan.notes(), *order, *_coverage(connection, plan, space)])
        report.notes += [*said, *odd(connection, plan, staged)]
        refusals.report(report)
        return report


def _metric(connection: duckdb.DuckDBPyConnection, plan: Plan, name: str) -> int:
    return metric_id(connection, name, plan.direction(name), unit=plan.units.get(name))


def _benchmarks(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("select distinct benchmark from hpowh_grid").fetchall()]


def _refuse_unknown_levels(refusals: Refusals, plan: Plan, space: list[Hyperparameter], positioned: str) -> None:
    """Refuse rows whose value is missing or is no level of its hyperparameter, or is there where that is inactive."""
    for position, hyperparameter in enumerate(space):
        value = plan.value_sql(hyperparameter)
        column = plan.column_of(hyperparameter.name)
        levels = f"(select key from hpowh_level where position = {position})"  # noqa: S608
        reason = literal(f"no level of {hyperparameter.name} (levels: {grid_levels.shown(hyperparameter)})")
        missing = literal(_missing(hyperparameter))
        empty, active = plan.is_empty(hyperparameter.name), is_active(plan, hyperparameter, space)
        refusals.add(
            f"select {ROW}, {literal(column)}, {plan.sql(column)}::varchar, case when {empty} then {missing} "  # noqa: S608
            f"when not {active} then {literal(_inactive(hyperparameter, space))} else {reason} end from {positioned} "
            f"where case when {empty} then {active} else coalesce({value} not in {levels}, true) or not {active} end"
        )


def _missing(hyperparameter: Hyperparameter) -> str:
    if hyperparameter.requires:
        return "the hyperparameter is missing where it is active"
    return "the hyperparameter is missing, and no other one tells when it would be inactive"


def _inactive(hyperparameter: Hyperparameter, space: list[Hyperparameter]) -> str:
    return " ".join(["it has a value where it is inactive:", *condition_notes(space, [hyperparameter.name])])


def _rank(connection: duckdb.DuckDBPyConnection, plan: Plan, space: list[Hyperparameter], relation: str) -> None:
    """Compute each row's configuration rank (temporary table `hpowh_grid`)."""
    strides = strides_of([len(h.levels) for h in space])
    joins, terms = [], []
    for position, (hyperparameter, stride) in enumerate(zip(space, strides, strict=True)):
        # An empty cell has no level; that of a conditional hyperparameter is inactive, and stands at its default.
        kind = "left join" if hyperparameter.requires else "join"
        joins.append(
            f"{kind} (select key, level from hpowh_level where position = {position}) as l{position} "  # noqa: S608
            f"on l{position}.key = {plan.value_sql(hyperparameter, 't')}"
        )
        terms.append(f"coalesce(l{position}.level, {hyperparameter.default_level})::bigint * {stride}")
    columns = ", ".join(f"{sql} as {alias}" for alias, sql in plan.grain_sql("t"))
    values = ", ".join(f"t.{plan.sql(metric.column)} as m_{i}" for i, metric in enumerate(plan.metrics))
    connection.execute(
        f"create or replace temp table hpowh_grid as select t.{ROW}, "  # noqa: S608
        f"{' + '.join(terms)} as configuration_id, {columns}, {values} from {relation} as t {' '.join(joins)}"
    )


GRAIN = "configuration_id, benchmark, fidelity, seed, fold, split"


def _doubles_exist(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute(f"select 1 from hpowh_grid group by {GRAIN} having count(*) > 1 limit 1").fetchall())  # noqa: S608


def _doubles(plan: Plan, space: list[Hyperparameter]) -> str:
    column = literal(plan.column_of(space[0].name))
    reason = literal(
        "this configuration is already measured in an earlier row (number the repeats in a column seed or fold, or "
        "load them as trials)"
    )
    return (
        f"select {ROW}, {column}, 'configuration ' || configuration_id, {reason} from hpowh_grid "  # noqa: S608
        f"qualify row_number() over (partition by {GRAIN} order by {ROW}) > 1"
    )


def _refuse_known(
    connection: duckdb.DuckDBPyConnection, plan: Plan, space_id: int, metrics: list[int], request: Request
) -> None:
    """An evaluation has one source; the same one from a second file is refused."""
    clash = connection.execute(
        f"""
        select b.name, e.configuration_id, s.name
        from core.evaluation as e
        join core.benchmark as b using (benchmark_id)
        join core.source as s using (source_id)
        join hpowh_grid as n on n.configuration_id = e.configuration_id and n.benchmark = b.name
          and n.fidelity is not distinct from e.fidelity and n.seed is not distinct from e.seed
          and n.fold is not distinct from e.fold
        where e.search_space_id = {space_id} and e.metric_id in ({", ".join(map(str, metrics))})
          and (n.split = e.split or n.split is null) limit 1
        """  # noqa: S608
    ).fetchall()
    if clash:
        benchmark, configuration, source = clash[0]
        raise IngestError(
            f"{request.location}: configuration {configuration} of {plan.space!r} on {benchmark!r} is already loaded "
            f"from source {source!r}.",
            "Give another --benchmark or --space, or replace that source.",
        )


def _insert(plan: Plan, metric: Metric, number: int, space_id: int, source_id: int) -> str:
    value, status = plan.stored_value(metric, f"n.m_{plan.metrics.index(metric)}")
    split = literal(metric.split) if metric.split else f"coalesce(n.split, {literal(plan.default_split)})"
    return f"""
        insert into core.evaluation
        select {space_id}, n.configuration_id, b.benchmark_id, n.fidelity, n.seed, n.fold::integer, {number}, {split},
          {value}, n.cost, {status}, {source_id}
        from hpowh_grid as n join core.benchmark as b on b.name = n.benchmark
    """  # noqa: S608


def _coverage(connection: duckdb.DuckDBPyConnection, plan: Plan, space: list[Hyperparameter]) -> list[str]:
    cells = configuration_count(space)
    rows = connection.execute(
        "select benchmark, count(distinct configuration_id) from hpowh_grid group by benchmark order by benchmark"
    ).fetchall()
    return [
        f"{benchmark}: {count:,} of {cells:,} configurations of {plan.space!r} are there ({percent(count / cells, 1)})."
        for benchmark, count in rows
        if count < cells
    ][:5]


SOURCE = GridSource()
