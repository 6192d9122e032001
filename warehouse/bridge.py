"""Warehouses from before the revisions were put into one: `0036` was the last, and its tables are those of 0001.

Kept until 0.2. The numbers of before mean nothing in the chain of now, so what tells the two apart is a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.revisions import migrations_folder

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

LAST = "0036"
"""The revision of before at which the tables are those of `FIRST`."""
FIRST = "0001"
MADE_LAST = "sweep_tradeoff"
"""A table of schema `result` that only 0036 made: where it is missing, the warehouse is older than that."""


def cross(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Renumber a warehouse of revision 0036 as 0001, in the caller's transaction. Its rows are not touched.

    Raises:
        HpowhError: its tables are not those of 0001; names them.
    """
    wanted, found = _tables_of_the_first(), _tables(connection)
    differing = sorted(name for name, definition in wanted.items() if found.get(name) != definition)
    if differing:
        raise HpowhError(
            f"{path} stands at revision {LAST}, but is not as that revision made it: {', '.join(differing)}.",
            "Somebody changed these tables by hand. Undo that, or make a new warehouse and load the sources again.",
        )
    connection.execute("update ops.revision set version_num = ?", [FIRST])


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """Return each table's columns and constraints; tables of other makers are among them and nobody asks for those."""
    definitions: dict[str, list[tuple[object, ...]]] = {}
    for query in (queries.text("catalogue/columns"), queries.text("catalogue/constraints")):
        for name, *definition in connection.execute(query).fetchall():
            definitions.setdefault(name, []).append(tuple(definition))
    return definitions


def _tables_of_the_first() -> dict[str, list[tuple[object, ...]]]:
    import duckdb

    with duckdb.connect(":memory:") as scratch:
        for schema in ("core", "ops", "result"):
            scratch.execute(f"create schema {schema}")
        for file in sorted((migrations_folder() / "versions" / "0001_start").glob("*.sql")):
            scratch.execute(file.read_text(encoding="utf-8"))
        return _tables(scratch)
