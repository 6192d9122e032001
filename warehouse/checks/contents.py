"""What a warehouse holds, in numbers that two files can be compared by."""

from __future__ import annotations

from pathlib import Path

import duckdb

from hpowh.warehouse.connection import connect
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.names import identifier


def holds_the_same(one: Path, other: Path) -> bool:
    """Return whether two files hold the same tables with the same rows."""
    try:
        return contents(one) == contents(other)
    except (duckdb.Error, HpowhError):
        return False


def contents(path: Path) -> dict[str, tuple[int, str]]:
    """Return every table's count of rows and order-free digest (see `checks.seal`)."""
    connection = connect(path, read_only=True)
    try:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        found = {}
        for schema, name in names:
            table = f"{identifier(schema)}.{identifier(name)}"
            query = f"select count(*), coalesce(cast(sum(hash(t)) as varchar), '') from {table} as t"
            count, digest = connection.execute(query).fetchall()[0]
            found[f"{schema}.{name}"] = (count, digest)
        return found
    finally:
        connection.close()
