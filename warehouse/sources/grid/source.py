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
)
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.grid import columns as grid_columns
from hpowh.warehouse.sources.grid import levels as grid_levels
from hpowh.warehouse.sources.grid.conditions import condition_notes, is_active, with_conditions, with_defaults
from hpowh.warehouse.sources.grid.metrics import odd, read_units
from hpowh.warehouse.sources.grid.plan import Metric, Plan
from hpowh.warehouse.sources.grid.ranks import rank, settings_of
from hpowh.warehouse.sources.tables.refusals import Refusals
from hpowh.warehouse.sources.tables.staging import ROW, Staged
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
        staged = stage(connection, request, grid_columns.likely_numbers(request))
        plan = grid_columns.make(connection, staged, request)
        settings = settings_of(connection, plan, staged)
        found = grid_levels.planned(connection, plan, settings, request)
        grid_levels.write_table(connection, plan, found, settings)
        found = with_conditions(connection, plan, found, settings)
        found = with_defaults(found, request.options.get("default"))
        cells = configuration_count(found)
        refusals = Refusals(connection, staged, request)
        _find(refusals, plan, staged)
        _refuse_unknown_levels(connection, refusals, plan, found, staged, settings)
        good = f"(select * from {staged.positioned} where {ROW} not in (select {ROW} from hpowh_refused))"  # noqa: S608
        rank(connection, plan, found, good, settings)
        refusals.add(_doubles(plan, found))
        looks = odd(connection, plan, staged, settings)
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
        staged = stage(connection, request, grid_columns.likely_numbers(request))
        plan = grid_columns.make(connection, staged, request)
        settings = settings_of(connection, plan, staged)
        refusals = Refusals(connection, staged, request)
        _find(refusals, plan, staged)
        if staged.problems:
            refusals.settle()
        is_known = grid_levels.from_warehouse(connection, plan.space) is not None
        space = grid_levels.resolve(connection, plan, settings, request)
        grid_levels.write_table(connection, plan, space, settings)
        if not is_known:
            space = with_conditions(connection, plan, space, settings)
        space = with_defaults(space, request.options.get("default"), is_known=is_known)
        _refuse_unknown_levels(connection, refusals, plan, space, staged, settings)
        refusals.settle()
        good = f"(select * from {staged.positioned} where {ROW} not in (select {ROW} from hpowh_refused))"  # noqa: S608
        rank(connection, plan, space, good if refusals.count else staged.positioned, settings)
        if _exists(connection, f"hpowh_grid group by {_grain(plan)} having count(*) > 1"):
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
        report.notes += [*said, *odd(connection, plan, staged, settings)]
        refusals.report(report)
        return report


def _metric(connection: duckdb.DuckDBPyConnection, plan: Plan, name: str) -> int:
    return metric_id(connection, name, plan.direction(name), unit=plan.units.get(name))


def _benchmarks(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("select distinct benchmark from hpowh_grid").fetchall()]


def _refuse_unknown_levels(
    connection: duckdb.DuckDBPyConnection,
    refusals: Refusals,
    plan: Plan,
    space: list[Hyperparameter],
    staged: Staged,
    settings: str,
) -> None:
    """Refuse rows whose value is missing or is no level of its hyperparameter, or is there where that is inactive."""
    for position, hyperparameter in enumerate(space):
        value = plan.value_sql(hyperparameter)
        column = plan.column_of(hyperparameter.name)
        levels = f"(select key from hpowh_level where position = {position})"  # noqa: S608
        reason = literal(f"no level of {hyperparameter.name} (levels: {grid_levels.shown(hyperparameter)})")
        missing = literal(_missing(hyperparameter))
        empty, active = plan.is_empty(hyperparameter.name), is_active(plan, hyperparameter, space)
        bad = f"case when {empty} then {active} else coalesce({value} not in {levels}, true) or not {active} end"
        if settings != staged.relation and not _exists(connection, f"{settings} where {bad}"):
            continue
        refusals.add(
            f"select {ROW}, {literal(column)}, {plan.sql(column)}::varchar, case when {empty} then {missing} "  # noqa: S608
            f"when not {active} then {literal(_inactive(hyperparameter, space))} else {reason} end "
            f"from {staged.positioned} where {bad}"
        )


def _exists(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return bool(connection.execute(f"select 1 from {rows} limit 1").fetchall())  # noqa: S608


def _missing(hyperparameter: Hyperparameter) -> str:
    if hyperparameter.requires:
        return "the hyperparameter is missing where it is active"
    return "the hyperparameter is missing, and no other one tells when it would be inactive"


def _inactive(hyperparameter: Hyperparameter, space: list[Hyperparameter]) -> str:
    return " ".join(["it has a value where it is inactive:", *condition_notes(space, [hyperparameter.name])])


def _find(refusals: Refusals, plan: Plan, staged: Staged) -> None:
    """Refuse rows by what their cells hold; those of columns with few values are looked at once each."""
    roles = ("benchmark", "seed", "fold", "split", "status")
    few = [column for role in roles if (column := plan.column(role)) is not None]
    conditions = plan.conditions()
    if few:
        names = ", ".join(map(plan.sql, few))
        over = f"(select distinct {names} from {staged.relation})"  # noqa: S608
        refusals.find([one for one in conditions if one[0] in few], over=over)
    refusals.find([one for one in conditions if one[0] not in few])


def _grain(plan: Plan) -> str:
    """Return the columns of `hpowh_grid` that make the grain of an evaluation and are not the same in all rows."""
    roles = ("benchmark", "fidelity", "seed", "fold", "split")
    return ", ".join(["configuration_id", *(role for role in roles if plan.column(role))])


def _doubles(plan: Plan, space: list[Hyperparameter]) -> str:
    column = literal(plan.column_of(space[0].name))
    reason = literal(
        "this configuration is already measured in an earlier row (number the repeats in a column seed or fold, or "
        "load them as trials)"
    )
    return (
        f"select {ROW}, {column}, 'configuration ' || configuration_id, {reason} from hpowh_grid "  # noqa: S608
        f"qualify row_number() over (partition by {_grain(plan)} order by {ROW}) > 1"
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
    split = literal(metric.split or plan.default_split)
    if plan.column("split") and not metric.split:
        split = f"coalesce(n.split, {split})"
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
