"""Read a table of trials into rows, whatever the format; nested objects are flattened with dots."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import lines_of, read_rest, refuse_many_cells, refuse_many_values
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.tables.json_shapes import refuse_other_shapes
from hpowh.warehouse.sources.tables.staging import ROW
from hpowh.warehouse.sources.tables.tabular import format_of, row_count, stage

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


FOOTER = {"curr_best_record_id"}
"""The last line of FLAML's log, which is no trial."""


@dataclass(kw_only=True)
class Rows:
    """The rows that could be read, with their positions (from 1), and those that could not."""

    columns: list[str]
    positions: list[int]
    rows: list[dict[str, Any]]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    percents: list[str] = field(default_factory=list)
    """Columns whose numbers were written with percent signs."""


def read_rows(connection: duckdb.DuckDBPyConnection, request: Request) -> Rows:
    """Return all rows of the file.

    Raises:
        IngestError: it is missing, empty, of no known format, or no line of it can be read.
    """
    if request.path.is_dir():
        raise IngestError(f"{request.location} is a folder.", "Name one file with one row a trial.")
    if format_of(request.path) == "json":
        refuse_other_shapes(request.path)
        return _json_rows(request.path, str(request.options.get("encoding") or "utf-8"))
    staged = stage(connection, request)
    columns = list(staged.columns)
    refuse_many_cells(len(columns) * row_count(connection, staged), request.path)
    found = connection.execute(f"select {staged.columns.listed()} from {staged.positioned} order by {ROW}").fetchall()  # noqa: S608
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    if any(kind.startswith(("STRUCT", "MAP")) for kind in staged.columns.values()):
        rows = [dict(flatten(row)) for row in rows]
        columns = list(dict.fromkeys(name for row in rows for name in row))
    return Rows(
        columns=columns,
        positions=[staged.true_row(i) for i in range(1, len(rows) + 1)],
        rows=rows,
        problems=staged.problems,
        notes=staged.notes,
        percents=staged.percents,
    )


def _json_rows(path: Path, encoding: str) -> Rows:
    rows = Rows(columns=[], positions=[], rows=[])
    seen: dict[str, None] = {}
    cells = 0
    for position, text in enumerate(_objects(path, encoding), start=1):
        try:
            value = json.loads(text)
        except ValueError as error:
            rows.problems.append(Problem(position, "(whole row)", text[:80], f"no JSON: {error}"))
            continue
        except RecursionError:
            rows.problems.append(Problem(position, "(whole row)", text[:80], "it is nested too deeply"))
            continue
        if not isinstance(value, dict):
            rows.problems.append(Problem(position, "(whole row)", text[:80], "no JSON object"))
            continue
        if value.keys() == FOOTER:
            continue
        leaves = list(flatten(value))
        row = dict(leaves)
        if len(row) < len(leaves):
            twice = next(name for at, (name, _) in enumerate(leaves) if name in dict(leaves[:at]))
            rows.problems.append(Problem(position, twice, text[:80], "two of the row's values come to this one name"))
            continue
        cells += len(row)
        refuse_many_cells(cells, path)
        seen |= dict.fromkeys(row)
        rows.positions.append(position)
        rows.rows.append(row)
    rows.columns = list(seen)
    return rows


def _objects(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text of each object: of each line, or of each item of one JSON list."""
    try:
        is_zipped = path.suffix.lower() == ".gz"
        with gzip.open(path, "rt", encoding=encoding) if is_zipped else path.open(encoding=encoding) as handle:
            start = handle.read(1)
            while start.isspace():
                start = handle.read(1)
            if start == "[":
                rest = read_rest(handle, path)
                refuse_many_values(rest, path)
                whole = json.loads(start + rest)
                yield from (json.dumps(item) for item in whole)
                return
            lines = lines_of(handle, path)
            first = start + next(lines, "")
            yield from (line for line in chain([first], lines) if line.strip())
    except (OSError, EOFError, UnicodeError, LookupError, ValueError) as error:
        raise IngestError(f"{path} cannot be read: {error}", "Is it complete and UTF-8?") from None


def flatten(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested objects, their names joined by dots; lists and empty objects are leaves."""
    for name, one in value.items():
        if isinstance(one, dict) and one:
            yield from flatten(one, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", one
