"""Open CSV, Parquet and JSON-lines files as one staged relation with row positions, whatever is wrong with them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.sources.tables import spreadsheets
from hpowh.warehouse.sources.tables.columns import Columns, unnamed
from hpowh.warehouse.sources.tables.csv_files import dialect_of, readable
from hpowh.warehouse.sources.tables.json_shapes import refuse_other_shapes
from hpowh.warehouse.sources.tables.locales import lengths_of_time, localise, strip_percents

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.protocol import Request

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".dat": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    **dict.fromkeys(spreadsheets.READ, "excel"),
}
ROW = "hpowh_row"
"""Name of the position column in a staged relation; row 1 is the first below the header."""


def content_fingerprint(path: Path) -> str:
    """Return the hash of a file's bytes, or of all files of a folder in name order."""
    digest = blake2b(digest_size=32)
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            if path.is_dir():
                digest.update(str(part.relative_to(path)).encode())
            with part.open("rb") as handle:
                while chunk := handle.read(1 << 22):
                    digest.update(chunk)
    return digest.hexdigest()


def format_of(path: Path) -> str:
    """Return `csv`, `parquet`, `json` or `excel` by the file's ending (`.gz` aside).

    Raises:
        IngestError: the ending is none of those, or the path is a folder.
    """
    if path.is_dir():
        raise IngestError(f"{path} is a folder.", "Name one file: .csv .tsv .parquet .jsonl, also with .gz")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    for suffix in reversed(suffixes):
        if suffix == ".gz":
            continue
        if suffix == ".json":
            return "json"
        if suffix in FORMATS:
            return FORMATS[suffix]
        break
    spreadsheets.refuse_others(path)
    raise IngestError(
        f"{path}: cannot tell the format from the name.", "Endings known: .csv .tsv .txt .parquet .jsonl, also with .gz"
    )


@dataclass(kw_only=True)
class Staged:
    """A file as a relation that can be read several times."""

    relation: str
    """SQL of the relation without positions: as fast to scan as the file allows."""
    positioned: str
    """SQL of the same with the column `ROW`."""
    columns: Columns
    """Column -> DuckDB type; in the relations a column has the SQL name `columns.sql(column)`."""
    problems: list[Problem] = field(default_factory=list)
    """Rows that the format itself refuses: too few or too many fields, wrong encoding."""
    notes: list[str] = field(default_factory=list)
    """What was understood of the way in which the file is written, in sentences."""
    percents: list[str] = field(default_factory=list)
    """Columns whose numbers were written with percent signs."""
    _lost: list[int] = field(default_factory=list)

    def true_row(self, position: int) -> int:
        """Return the row in the file of the good row at `position` (1-based): refused rows before it count too."""
        row = position
        while (shifted := position + bisect_right(self._lost, row)) != row:
            row = shifted
        return row


def stage(connection: duckdb.DuckDBPyConnection, request: Request) -> Staged:
    """Make `request.path` readable as SQL; text formats are staged once, Parquet is read in place.

    Raises:
        IngestError: the file is missing, empty, unreadable or of no known format.
    """
    path = request.path
    kind = format_of(path)
    try:
        if kind == "parquet":
            return _parquet(connection, path)
        if kind == "json":
            return _json(connection, path)
        if kind == "excel":
            with spreadsheets.sheet_as_csv(path, request.options) as copy:
                return _csv(connection, copy, request.options)
        return _csv(connection, path, request.options)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise IngestError(f"{path} cannot be read: {_first_line(error).rstrip('.')}.", _hint(error)) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0].strip()


def _hint(error: Exception) -> str:
    text = str(error).lower()
    if "utf-8" in text or "unicode" in text or "encod" in text:
        return "Give its encoding, e.g. --encoding latin-1"
    return "Is it complete and of the format its name says?"


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    """Read in place, by position: the schema has the names as written, and the units of lengths of time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise IngestError(f"{path} cannot be read: {_first_line(error).rstrip('.')}.", _hint(error)) from None
    source = f"read_parquet({literal(str(path))}, file_row_number = true)"
    found = {name: kind for name, kind in describe(connection, source).items() if name != "file_row_number"}
    if len(found) != len(schema.names):
        raise IngestError(f"{path}: its columns cannot be told apart.", "Write it with one column a name.")
    _refuse_twice(path, schema.names)
    picks, columns, notes = [], [], list[str]()
    for place, (read, kind) in enumerate(found.items()):
        name, unit = schema.names[place], getattr(schema.types[place], "unit", None)
        is_length = pa.types.is_duration(schema.types[place])
        divisor = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[str(unit)] if is_length else 1
        picks.append(f"{identifier(read)}{f' / {divisor}.0' if is_length else ''} as c{place}")
        columns.append((name, "DOUBLE" if is_length else kind))
        if is_length:
            notes.append(f"{name!r} is a length of time: read in seconds.")
    chosen = ", ".join(picks)
    plain = f"(select {chosen} from read_parquet({literal(str(path))}))"  # noqa: S608
    positioned = f"(select {chosen}, file_row_number + 1 as {ROW} from {source})"  # noqa: S608
    staged = Staged(relation=plain, positioned=positioned, columns=_named(columns), notes=notes)
    connection.execute(f"select * from {staged.relation} limit 0")  # noqa: S608
    return staged


def _named(columns: list[tuple[str, str]]) -> Columns:
    names = unnamed(name for name, _ in columns)
    return Columns(zip(names, (kind for _, kind in columns), strict=True))


def _refuse_twice(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise IngestError(f"{path}: the header names {', '.join(twice)} twice.", "Rename one of the columns.")


def _json(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    refuse_other_shapes(path)
    scan = f"read_json({literal(str(path))}, format = 'auto', sample_size = -1, maximum_depth = 2)"
    found = describe(connection, scan)
    if any(_may_be_made_up(name, found) for name in found):
        return _json_by_key(connection, path)
    picks = [
        f"{identifier(name)}{DOCUMENT if kind == 'JSON' else ''} as c{place}"
        for place, (name, kind) in enumerate(found.items())
    ]
    columns = [(name, "VARCHAR" if kind == "JSON" else kind) for name, kind in found.items()]
    return _materialise(connection, f"(select {', '.join(picks)} from {scan})", _named(columns))  # noqa: S608


DOCUMENT = " ->> '$'"
"""SQL that makes a text of a JSON value."""


def _may_be_made_up(name: str, found: Mapping[str, str]) -> bool:
    """Whether a name may be what DuckDB makes of one that differs from another in case only (`LR_1`)."""
    bare, _, count = name.rpartition("_")
    return count.isdigit() and bare.lower() in {other.lower() for other in found}


def _json_by_key(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    """Read objects key by key, as texts, so that keys that differ in case only stay apart."""
    scan = f"read_json_objects({literal(str(path))}, format = 'auto')"
    keys = [
        key
        for key, _ in connection.execute(
            f"select key, min(place) from (select unnest(json_keys(json)) as key, "  # noqa: S608
            f"unnest(range(len(json_keys(json)))) as place from {scan}) group by key order by min(place), key"
        ).fetchall()
    ]
    picks = [f"json ->> {literal('$.' + json.dumps(key, ensure_ascii=False))} as c{i}" for i, key in enumerate(keys)]
    columns = [(key, "VARCHAR") for key in keys]
    return _materialise(connection, f"(select {', '.join(picks)} from {scan})", _named(columns))  # noqa: S608


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]) -> Staged:
    dialect = dialect_of(path, options)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    rejected = "select line, column_name, error_type, csv_line from reject_errors order by line"
    columns = Columns((name, "VARCHAR") for name in dialect.names)
    with readable(path, dialect.encoding) as place:
        scan = f"(select {columns.listed()} from {dialect.scan(place)})" if dialect.extra else dialect.scan(place)  # noqa: S608
        staged = _materialise(connection, scan, columns, rejected, dialect.above)
    staged.notes += [*dialect.notes, *localise(connection, "hpowh_staged", columns, options)]
    staged.percents = strip_percents(connection, "hpowh_staged", columns) if dialect.has_percents else []
    staged.notes += [f"{column!r} is written with percent signs: read in percent." for column in staged.percents]
    lengths = lengths_of_time(connection, "hpowh_staged", columns)
    staged.notes += [f"{column!r} is a length of time: read in seconds." for column in lengths]
    return staged


def _materialise(
    connection: duckdb.DuckDBPyConnection, scan: str, columns: Columns, rejected: str | None = None, above: int = 0
) -> Staged:
    _stage_in_order(connection, scan)
    lost, problems = list[int](), list[Problem]()
    if rejected:
        names = {columns.sql(column): column for column in columns}
        for line, column, kind, text in connection.execute(rejected).fetchall():
            row = line - above - 1
            if not lost or lost[-1] != row:
                lost.append(row)
                where = names.get(column, "(whole row)")
                problems.append(Problem(row, where, (text or "").strip()[:80], REJECTS.get(kind, kind)))
    first = connection.execute("select coalesce(min(rowid), 0) from hpowh_staged").fetchall()[0][0]
    positioned = f"(select *, rowid - {first} + 1 as {ROW} from hpowh_staged)"  # noqa: S608
    staged = Staged(relation="hpowh_staged", positioned=positioned, columns=columns, problems=problems)
    staged._lost = lost
    return staged


def _stage_in_order(connection: duckdb.DuckDBPyConnection, scan: str) -> None:
    """Fill the temporary table `hpowh_staged`, so that its `rowid` counts the rows of the file in their order.

    All threads read; a window that numbered the rows would leave one of them to do it.
    """
    kept = connection.execute("select current_setting('preserve_insertion_order')").fetchall()[0][0]
    connection.execute("set preserve_insertion_order = true")
    connection.execute(f"create or replace temp table hpowh_staged as select * from {scan}")  # noqa: S608
    connection.execute(f"set preserve_insertion_order = {kept}")


REJECTS = {
    "MISSING COLUMNS": "the row has fewer fields than the header",
    "TOO MANY COLUMNS": "the row has more fields than the header",
    "INVALID ENCODING": "the text is not UTF-8; give its encoding, e.g. --encoding latin-1",
    "UNQUOTED VALUE": "a quote is not closed",
    "LINE SIZE OVER MAXIMUM": "the row is longer than 16 MiB",
}


def describe(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return column -> DuckDB type of a relation."""
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}  # noqa: S608


def row_count(connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Return how many rows could be read."""
    return int(connection.execute(f"select count(*) from {staged.relation}").fetchall()[0][0])  # noqa: S608


def first_rows(connection: duckdb.DuckDBPyConnection, staged: Staged, limit: int = 5) -> list[tuple[Any, ...]]:
    """Return the first rows as found."""
    return connection.execute(
        f"select {staged.columns.listed()} from {staged.positioned} order by {ROW} limit {limit}"  # noqa: S608
    ).fetchall()
