"""The first rows of a table, without reading the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.columns import parquet_names, unnamed
from hpowh.warehouse.sources.tables.csv_files import dialect_of, readable
from hpowh.warehouse.sources.tables.json_shapes import refuse_other_shapes
from hpowh.warehouse.sources.tables.spreadsheets import sheet_as_csv
from hpowh.warehouse.sources.tables.tabular import format_of, may_be_made_up

if TYPE_CHECKING:
    import duckdb

ROWS = 5_000
"""So many rows show what a table is."""


def _flat(columns: list[str], rows: list[tuple[Any, ...]]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return a table in which objects have become columns, their names joined by dots; lists are texts."""
    leaves = [dict(_leaves(dict(zip(columns, row, strict=True)))) for row in rows]
    names = list(dict.fromkeys(name for row in leaves for name in row)) or columns
    return names, [tuple(row.get(name) for name in names) for row in leaves]


def _leaves(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _leaves(one, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(one) if isinstance(one, list) else one


def _by_key(connection: duckdb.DuckDBPyConnection, path: Path, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the same of JSON whose keys differ in case only: DuckDB's reader gives one of them another name."""
    scan = f"read_json_objects({literal(str(path))}, format = 'auto') limit {int(limit)}"
    objects = [json.loads(text) for (text,) in connection.execute(f"select json::varchar from {scan}").fetchall()]  # noqa: S608
    names = list(dict.fromkeys(name for one in objects for name in one))
    return names, [tuple(one.get(name) for name in names) for one in objects]


def first_rows_of(
    path: Path, limit: int = ROWS, options: Mapping[str, Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns' names and the first rows, as found.

    Args:
        options: how a text file is written, where that was said (`encoding`).

    Raises:
        IngestError: it is no table that can be read.
    """
    import duckdb

    kind = format_of(path)
    if kind == "excel":
        with sheet_as_csv(path, options or {}) as copy:
            return first_rows_of(copy, limit, options)
    try:
        with duckdb.connect() as scratch:
            if kind == "csv":
                dialect = dialect_of(path, options or {})
                with readable(path, dialect.encoding) as place:
                    scan = dialect.scan(place)
                    rows = scratch.execute(f"select * from {scan} limit {int(limit)}").fetchall()  # noqa: S608
                return dialect.names, [row[: len(dialect.names)] for row in rows]
            if kind == "json":
                refuse_other_shapes(path)
            reader = "read_parquet" if kind == "parquet" else "read_json_auto"
            found = scratch.execute(f"select * from {reader}({literal(str(path))}) limit {int(limit)}")  # noqa: S608
            columns, rows = [column[0] for column in found.description or []], found.fetchall()
            if kind == "parquet":
                columns = unnamed(parquet_names(scratch, path))
            elif any(may_be_made_up(column, columns) for column in columns):
                columns, rows = _by_key(scratch, path, limit)
            return _flat(columns, rows)
    except duckdb.Error as error:
        first = str(error).split("\n", maxsplit=1)[0].rstrip(".")
        raise IngestError(
            f"{path} cannot be read: {first}.", "Is it complete and of the format its name says?"
        ) from None
