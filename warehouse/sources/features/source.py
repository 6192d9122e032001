"""Meta-features: one row a benchmark, one column a meta-feature (CSV, Parquet, JSON lines)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.ingest.questions import Question, QuestionsError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.features import add_features
from hpowh.warehouse.sources.tables.indexes import WHY, index_columns
from hpowh.warehouse.sources.tables.naming import usual
from hpowh.warehouse.sources.tables.options import check_options
from hpowh.warehouse.sources.tables.refusals import Refusals
from hpowh.warehouse.sources.tables.roles import Role, confined, given_roles, guess_by_name, listed, only_columns
from hpowh.warehouse.sources.tables.staging import ROW, Staged
from hpowh.warehouse.sources.tables.tabular import content_fingerprint, first_rows, row_count, stage

if TYPE_CHECKING:
    import duckdb

ROLES = ("benchmark", "feature", "ignore")


class FeaturesSource:
    """`hpowh ingest features FILE`."""

    kind = "features"
    summary = "meta-features: one row a benchmark, one column a meta-feature (CSV, Parquet, JSON lines)"
    is_live = False

    def fingerprint(self, request: Request) -> str:
        """Return the hash of the file's bytes."""
        return content_fingerprint(request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return mapping, count and first rows."""
        staged = stage(connection, request)
        roles = _roles(connection, staged, request)
        mapping = [(column, str(role), role.why) for column, role in roles.items()]
        rows, notes = first_rows(connection, staged), _notes(staged, roles)
        return Preview(row_count(connection, staged), mapping, list(staged.columns), rows, notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write benchmark_feature; a benchmark that occurs twice or has no name is refused."""
        context.progress("read", None)
        staged = stage(connection, request)
        roles = _roles(connection, staged, request)
        key = next(column for column, role in roles.items() if role.name == "benchmark")
        name = f"nullif(trim({staged.columns.sql(key)}::varchar), '')"
        refusals = Refusals(connection, staged, request)
        refusals.find([(key, f"{name} is null", "the benchmark is missing")])
        refusals.add(
            f"select {ROW}, {literal(key)}, {name}, 'the benchmark occurs twice' from {staged.positioned} "  # noqa: S608
            f"where {name} is not null qualify row_number() over (partition by {name} order by {ROW}) > 1"
        )
        accepted = refusals.settle()
        report = LoadReport(int(connection.execute(f"select count(*) from {accepted}").fetchall()[0][0]))  # noqa: S608
        if not report.row_count:
            raise IngestError(f"{request.location} has no row to load.", "Nothing was loaded.")
        features = {column: staged.columns.sql(column) for column, role in roles.items() if role.name == "feature"}
        add_features(connection, name, features, accepted, context.source_id)
        report.notes = _notes(staged, roles)
        refusals.report(report)
        return report


def _roles(connection: duckdb.DuckDBPyConnection, staged: Staged, request: Request) -> dict[str, Role]:
    check_options("features", request, ("only",))
    given = given_roles(request.mapping, staged.columns, ROLES, request.location)
    only = only_columns(request.options, staged.columns, request.location)
    roles = guess_by_name(staged.columns, given, usual("benchmark"))
    if not any(role.name == "benchmark" for role in roles.values()):
        texts = [column for column, kind in staged.columns.items() if kind == "VARCHAR"]
        question = Question("which column is the benchmark?", texts, "--map", "{}=benchmark")
        raise QuestionsError(request.location, [question], list(staged.columns))
    rest = [column for column in staged.columns if column not in roles]
    kept, why = confined(given, "feature", only, lambda _: True)
    indexes = index_columns(connection, staged, [column for column in rest if kept is None or column not in kept])
    for column in rest:
        if column in indexes:
            roles[column] = Role("ignore", None, WHY)
        elif kept is not None and column not in kept:
            roles[column] = Role("ignore", None, why)
        else:
            roles[column] = Role("feature", None, "all others are" if kept is None else "given")
    return {column: roles[column] for column in staged.columns}


def _notes(staged: Staged, roles: dict[str, Role]) -> list[str]:
    left = [column for column, role in roles.items() if role.name == "ignore" and role.why != "given"]
    return [*staged.notes, *([f"Left out: {listed(left)} (--map COLUMN=feature loads one)."] if left else [])]


SOURCE = FeaturesSource()
