"""The first rows of a table, without reading the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.csv_files import dialect_of, readable
from hpowh.warehouse.sources.tables.tabular import format_of

ROWS = 5_000
"""So many rows show what a table is."""


def first_rows_of(path: Path, limit: int = ROWS) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns' names and the first rows, as found.

    Raises:
        IngestError: it is no table that can be read.
    """
    import duckdb

    kind = format_of(path)
    try:
        with duckdb.connect() as scratch:
            if kind == "csv":
                dialect = dialect_of(path, {})
                with readable(path, dialect.encoding) as place:
                    scan = dialect.scan(place)
                    rows = scratch.execute(f"select * from {scan} limit {int(limit)}").fetchall()  # noqa: S608
                return dialect.names, [row[: len(dialect.names)] for row in rows]
            reader = "read_parquet" if kind == "parquet" else "read_json_auto"
            found = scratch.execute(f"select * from {reader}({literal(str(path))}) limit {int(limit)}")  # noqa: S608
            return [column[0] for column in found.description or []], found.fetchall()
    except duckdb.Error as error:
        first = str(error).split("\n", maxsplit=1)[0].rstrip(".")
        raise IngestError(
            f"{path} cannot be read: {first}.", "Is it complete and of the format its name says?"
        ) from None
