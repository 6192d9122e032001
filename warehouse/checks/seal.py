"""Seals: what was acknowledged is counted and hashed in the same transaction, so that a loss can be found later.

A digest does not depend on the order of rows: it is the sum of their hashes. DuckDB does not promise that its hash
stays the same from version to version, so every seal names the hash that made it (`hasher`). One of another version is
compared by its count alone, until `hpowh init` seals anew. What has no seal (rows that somebody added by SQL) is not
compared: seals tell what is gone. That seals are gone is told by a seal of all others.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.names import identifier, literal

if TYPE_CHECKING:
    import duckdb

OF_SOURCE = {
    "core.source": "",
    "ops.ingest": "",
    "core.run": "",
    "core.trace": "",
    "core.evaluation": "",
    "core.benchmark_feature": "",
    "core.sweep": "",
    "core.trial": "",
    "core.run_factor": "run",
    "core.sweep_metric": "sweep",
    "core.sweep_parameter": "sweep",
    "core.sweep_constraint": "sweep",
    "core.trial_parameter": "trial",
    "core.trial_metric": "trial",
    "core.trial_attribute": "trial",
}
"""Table -> the table by whose rows its own belong to a source; empty where they have a `source_id`."""
SHARED = {
    "core.experiment": "experiment_id",
    "core.benchmark": "benchmark_id",
    "core.algorithm": "algorithm_id",
    "core.metric": "metric_id",
    "core.search_space": "search_space_id",
    "core.hyperparameter": "search_space_id",
    "core.hyperparameter_level": "search_space_id",
    "core.hyperparameter_condition": "search_space_id",
}
"""Tables of names and definitions, which several sources use -> what a seal is about."""
Columns = Mapping[str, Sequence[str]]
"""Table -> its columns, in their order."""
SEALS = "ops.seal (rows)"
"""What the seal of all other seals is about."""
KEPT = "ops.ingest"
"""The ledger outlives the source."""
LEDGER = "ops.analysis_run"


@dataclass(frozen=True)
class Broken:
    """One seal that does not hold."""

    kind: str
    owner_id: int
    table_name: str
    sealed_count: int | None
    """Rows when it was sealed; None where there is no seal."""
    row_count: int | None
    """Rows now; None where the table is gone."""


def seal_source(connection: duckdb.DuckDBPyConnection, source_id: int) -> None:
    """Seal a source's rows and all names and definitions, within the transaction that acknowledges the source."""
    columns = _columns(connection)
    connection.execute(
        "delete from ops.seal where (kind = 'source' and owner_id = ?) or kind = 'shared'", [int(source_id)]
    )
    own = [_of_source(columns, table, f"where owner_id = {int(source_id)}") for table in OF_SOURCE if table in columns]
    shared = [_state(columns, "shared", table, SHARED[table]) for table in SHARED if table in columns]
    _insert(connection, *own, *shared)


def remove_seals(connection: duckdb.DuckDBPyConnection, kind: str, owners: Iterable[int]) -> None:
    """Forget the seals of sources (`source`) or analysis runs (`analysis`) that are removed."""
    connection.execute(
        "delete from ops.seal where kind = ? and owner_id in (select unnest(?)) and table_name <> ?",
        [kind, list(owners), KEPT],
    )
    _insert(connection)


def seal_analyses(connection: duckdb.DuckDBPyConnection, runs: Sequence[int], tables: Columns) -> None:
    """Seal new analysis runs: their entries in the ledger and their rows in result tables.

    Args:
        tables: the result tables that have rows of them.
    """
    if not runs:
        return
    listed = ", ".join(str(int(run)) for run in runs)
    condition = f"where analysis_run_id in ({listed})"
    columns = {LEDGER: _columns_of(connection, LEDGER), **tables}
    _insert(connection, *(_state(columns, "analysis", table, "analysis_run_id", condition) for table in columns))


def seal_shape(connection: duckdb.DuckDBPyConnection) -> None:
    """Seal the columns of all tables; after they were made or altered."""
    connection.execute("delete from ops.seal where kind = 'shape'")
    _insert(connection, _SHAPE)


def seal_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Seal the definitions of all views; after they were made."""
    connection.execute("delete from ops.seal where kind = 'view'")
    _insert(connection, _VIEWS)


def seal_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Seal everything as it is: after an upgrade, or where DuckDB's hash has become another."""
    connection.execute("delete from ops.seal where kind in ('source', 'analysis', 'shared')")
    _insert(connection, *_facts(_columns(connection)))
    seal_shape(connection)
    seal_views(connection)


def _facts(columns: Columns, wanted: Container[tuple[str, str]] | None = None) -> list[str]:
    """Return the queries of what sources, analysis runs, names and definitions hold now, in all tables or some."""
    found = {("source", table): lambda table=table: _of_source(columns, table) for table in OF_SOURCE}
    found |= {
        ("shared", table): lambda table=table: _state(columns, "shared", table, SHARED[table]) for table in SHARED
    }
    found |= {
        ("analysis", table): lambda table=table: _state(columns, "analysis", table, "analysis_run_id")
        for table in columns
        if table.startswith("result.") or table == "ops.analysis_run"
    }
    return [
        make()
        for (kind, table), make in found.items()
        if (wanted is None or (kind, table) in wanted) and _is_usable(columns, kind, table)
    ]


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether all seals were made with the hash of this DuckDB, and are sealed themselves."""
    here = hasher(connection)
    found = connection.execute(
        "select count(*) filter (where hasher <> ?), count(*) filter (where table_name = ?) from ops.seal",
        [here, SEALS],
    ).fetchall()
    return bool(found[0] == (0, 1))


def hasher(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what DuckDB makes of some fixed values: equal for versions with the same hash."""
    return str(connection.execute(f"select {_PROBE}").fetchall()[0][0])


def broken_seals(connection: duckdb.DuckDBPyConnection) -> list[Broken]:
    """Return every seal that does not hold; one of no kind where there are none at all.

    Raises:
        duckdb.Error: the file is damaged.
    """
    if not connection.execute("select count(*) from ops.seal where kind = 'shape'").fetchall()[0][0]:
        return [Broken("shape", 0, "ops.seal", None, 0)]
    sealed = set(connection.execute("select distinct kind, table_name from ops.seal").fetchall())
    facts = _facts(_columns(connection), sealed)
    now = " union all ".join(f"({query})" for query in [_SHAPE, _VIEWS, _ALL_SEALS, *facts])
    rows = connection.execute(
        f"""
        with now as materialized ({now})
        select s.kind, s.owner_id, s.table_name, s.row_count, n.row_count
        from ops.seal as s
        left join now as n on n.kind = s.kind and n.owner_id = s.owner_id and n.table_name = s.table_name
        where coalesce(n.row_count, 0) <> s.row_count or (s.hasher = n.hasher and s.digest <> n.digest)
        order by s.kind, s.owner_id, s.table_name
        """
    ).fetchall()
    return [Broken(*row) for row in rows]


_PROBE = "concat_ws(' ', hash(1, 'a', 2.5::double, null::integer), hash(true, now() is null, 7::bigint))"
_SHAPE = f"""
select
  'shape' as kind, 0 as owner_id, schema_name || '.' || table_name as table_name, count(*) as row_count,
  string_agg(column_name || ' ' || data_type || if(is_nullable, '', ' not null'), ', ' order by column_index) as digest,
  {_PROBE} as hasher
from duckdb_columns()
where not internal and schema_name in ('core', 'result', 'ops')
  and (schema_name, table_name) in (select (t.schema_name, t.table_name) from duckdb_tables() as t)
group by all"""
# Not the text of the definition: the catalogue writes it in one way before and in another after a restart.
_VIEWS = f"""
select
  'view' as kind, 0 as owner_id, schema_name || '.' || table_name as table_name, count(*) as row_count,
  string_agg(column_name || ' ' || data_type, ', ' order by column_index) as digest, {_PROBE} as hasher
from duckdb_columns()
where not internal and (schema_name, table_name) in (
  select (v.schema_name, v.view_name) from duckdb_views() as v
  where not v.internal and v.schema_name in ('mart', 'space', 'ops')
)
group by all"""
_ALL_SEALS = f"""
select
  'shape' as kind, 0 as owner_id, {literal(SEALS)} as table_name, count(*) as row_count,
  coalesce(cast(sum(hash(kind, owner_id, table_name, row_count, digest, hasher)) as varchar), '') as digest,
  {_PROBE} as hasher
from ops.seal where table_name <> {literal(SEALS)}"""


def _insert(connection: duckdb.DuckDBPyConnection, *queries: str) -> None:
    """Add seals; then the seal of all is made anew, as after whatever changes seals."""
    columns = "kind, owner_id, table_name, row_count, digest, hasher"
    if queries:
        listed = " union all ".join(f"({query})" for query in queries)
        connection.execute(f"insert into ops.seal select {columns} from ({listed})")
    connection.execute(f"delete from ops.seal where table_name = {literal(SEALS)}")
    connection.execute(f"insert into ops.seal select {columns} from ({_ALL_SEALS})")


def _of_source(columns: Columns, table: str, condition: str = "") -> str:
    """Return the query of what a table holds of each source; `condition` speaks of `owner_id`."""
    parent = OF_SOURCE[table]
    owner = "p.source_id" if parent else "t.source_id"
    joined = f"join core.{parent} as p on p.{parent}_id = t.{parent}_id" if parent else ""
    return _state(columns, "source", table, owner, f"{joined} {condition.replace('owner_id', owner)}")


def _state(columns: Columns, kind: str, table: str, owner: str, more: str = "") -> str:
    """Return the query of what a table holds now, a row an owner."""
    schema, _, name = table.partition(".")
    listed = ", ".join(f"t.{identifier(column)}" for column in columns[table])
    return f"""
select
  {literal(kind)} as kind, {owner} as owner_id, {literal(table)} as table_name, count(*) as row_count,
  cast(sum(hash({listed})) as varchar) as digest, {_PROBE} as hasher
from {schema}.{identifier(name)} as t {more}
group by {owner}"""


def _columns(connection: duckdb.DuckDBPyConnection) -> Columns:
    """Return the columns of every table, in one look at the catalogue, which is slow."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(queries.text("catalogue/sealed_columns")).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the columns of one table, which does not read the catalogue of all."""
    schema, _, name = table.partition(".")
    described = connection.execute(f"select column_name from (describe {schema}.{identifier(name)})").fetchall()
    return [column for (column,) in described]


def _is_usable(columns: Columns, kind: str, table: str) -> bool:
    """Return whether a table is there, with the column that names the owner; where not, its shape tells."""
    own = columns.get(table, ())
    if kind == "analysis":
        return "analysis_run_id" in own
    if kind == "shared":
        return SHARED[table] in own
    parent = OF_SOURCE[table]
    if not parent:
        return "source_id" in own
    return f"{parent}_id" in own and {f"{parent}_id", "source_id"} <= set(columns.get(f"core.{parent}", ()))
