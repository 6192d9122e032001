"""What is in a warehouse: tables and views, each with the sentence that says what one row is."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from hpowh.warehouse import queries
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.names import identifier

SCHEMAS = ("core", "mart", "space", "result", "ops")


@dataclass(frozen=True)
class Table:
    """One table or view."""

    name: str
    """`schema.name`."""
    kind: str
    """`table` or `view`."""
    grain: str
    rows: int | None
    """None for a view that was not counted."""


def list_tables(connection: duckdb.DuckDBPyConnection, *, count_views: bool) -> list[Table]:
    """Return the tables and views of all schemas, in the order of the data's walk."""
    found = connection.execute(queries.text("catalogue/relations")).fetchall()
    listed = []
    for schema, name, kind, comment in sorted(
        (row for row in found if row[0] in SCHEMAS and row[1] != "revision"),
        key=lambda row: (SCHEMAS.index(row[0]), row[1]),
    ):
        rows = None
        if kind == "table" or count_views:
            query = f"select count(*) from {identifier(schema)}.{identifier(name)}"
            rows = connection.execute(query).fetchall()[0][0]
        listed.append(Table(f"{schema}.{name}", kind, comment or "", rows))
    return listed


def list_columns(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    """Return (column, type) of one table or view.

    Raises:
        UsageError: there is no such table.
    """
    schema, _, table = name.partition(".")
    try:  # Not from DuckDB's list of columns, which is of all tables: an export asks for each of them.
        return connection.execute(
            f"select column_name, column_type from (describe {identifier(schema)}.{identifier(table)})"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.ParserException):
        if any(one.name == name for one in list_tables(connection, count_views=False)):
            raise  # a view that cannot be read any more
        raise UsageError(f"There is no table or view {name!r}.", "List them: hpowh tables") from None
