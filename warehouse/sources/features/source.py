"""Meta-features: one row a benchmark, one column a meta-feature (CSV, Parquet, JSON lines)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.names import identifier
from hpowh.warehouse.sources.features.rows import add_features
from hpowh.warehouse.sources.runs.plan import VOCABULARY
from hpowh.warehouse.sources.tables.refusals import Refusals
from hpowh.warehouse.sources.tables.roles import Role, given_roles, guess_by_name
from hpowh.warehouse.sources.tables.tabular import ROW, Staged, content_fingerprint, first_rows, row_count, stage

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
        mapping = [(column, str(role), role.why) for column, role in _roles(staged, request).items()]
        return Preview(row_count(connection, staged), mapping, list(staged.columns), first_rows(connection, staged))

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write benchmark_feature; a benchmark that occurs twice or has no name is refused."""
        context.progress("read", None)
        staged = stage(connection, request)
        roles = _roles(staged, request)
        key = next(column for column, role in roles.items() if role.name == "benchmark")
        name = f"nullif(trim({identifier(key)}::varchar), '')"
        refusals = Refusals(connection, staged, request)
        refusals.find([(key, f"{name} is null", "the benchmark is missing")])
        refusals.add(
            f"select {ROW}, '{key}', {name}, 'the benchmark occurs twice' from {staged.positioned} "
            f"where {name} is not null qualify row_number() over (partition by {name} order by {ROW}) > 1"
        )
        accepted = refusals.settle()
        report = LoadReport(int(connection.execute(f"select count(*) from {accepted}").fetchall()[0][0]))
        if not report.row_count:
            raise IngestError(f"{request.location} has no row to load.", "Nothing was loaded.")
        for column, role in roles.items():
            if role.name == "feature":
                add_features(connection, name, column, accepted, context.source_id)
        refusals.report(report)
        return report


def _roles(staged: Staged, request: Request) -> dict[str, Role]:
    roles = given_roles(request.mapping, staged.columns, ROLES, request.location)
    roles = guess_by_name(staged.columns, roles, {"benchmark": VOCABULARY["benchmark"]})
    if not any(role.name == "benchmark" for role in roles.values()):
        raise IngestError(
            f"{request.location}: no column names the benchmark; its columns are {', '.join(staged.columns)}.",
            "Say which: --map COLUMN=benchmark",
        )
    return roles | {c: Role("feature", None, "all others are") for c in staged.columns if c not in roles}


SOURCE = FeaturesSource()
