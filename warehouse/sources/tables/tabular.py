"""Open CSV, Parquet and JSON-lines files as one staged relation with row positions, whatever is wrong with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.sources.tables import spreadsheets
from hpowh.warehouse.sources.tables.columns import Columns, parquet_lengths, parquet_names, unnamed
from hpowh.warehouse.sources.tables.csv_files import dialect_of, readable, refuse_width
from hpowh.warehouse.sources.tables.json_shapes import refuse_other_shapes
from hpowh.warehouse.sources.tables.locales import lengths_of_time, localise, strip_percents
from hpowh.warehouse.sources.tables.staging import ROW, Staged, materialise, only_numbers

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


def stage(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    likely: Callable[[Sequence[str]], Iterable[str]] | None = None,
) -> Staged:
    """Make `request.path` readable as SQL; text formats are staged once, Parquet is read in place.

    Args:
        likely: of a text file's columns those whose cells will be asked for as numbers again and again.

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
                return _csv(connection, copy, request.options, likely)
        return _csv(connection, path, request.options, likely)
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
    names = parquet_names(connection, path)
    refuse_width(path, len(names))
    source = f"read_parquet({literal(str(path))}, file_row_number = true)"
    found = {name: kind for name, kind in describe(connection, source).items() if name != "file_row_number"}
    if len(found) != len(names):
        raise IngestError(f"{path}: its columns cannot be told apart.", "Write it with one column a name.")
    _refuse_twice(path, names)
    lengths = parquet_lengths(connection, path) if "BIGINT" in found.values() else {}
    picks, columns, notes = [], [], list[str]()
    for place, (name, (read, kind)) in enumerate(zip(names, found.items(), strict=True)):
        divisor = lengths.get(place)
        picks.append(f"{identifier(read)}{f' / {divisor}.0' if divisor else ''} as c{place}")
        columns.append((name, "DOUBLE" if divisor else kind))
        if divisor:
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
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise IngestError(f"{path}: the header names {', '.join(twice)} twice.", "Rename one of the columns.")


def _json(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    refuse_other_shapes(path)
    scan = f"read_json({literal(str(path))}, format = 'auto', sample_size = -1, maximum_depth = 2)"
    found = describe(connection, scan)
    refuse_width(path, len(found))
    if any(may_be_made_up(name, found) for name in found):
        return _json_by_key(connection, path)
    picks = [
        f"{identifier(name)}{DOCUMENT if kind == 'JSON' else ''} as c{place}"
        for place, (name, kind) in enumerate(found.items())
    ]
    columns = [(name, "VARCHAR" if kind == "JSON" else kind) for name, kind in found.items()]
    return materialise(connection, f"(select {', '.join(picks)} from {scan})", _named(columns))  # noqa: S608


DOCUMENT = " ->> '$'"
"""SQL that makes a text of a JSON value."""


def may_be_made_up(name: str, found: Collection[str]) -> bool:
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
    return materialise(connection, f"(select {', '.join(picks)} from {scan})", _named(columns))  # noqa: S608


def _csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    options: Mapping[str, Any],
    likely: Callable[[Sequence[str]], Iterable[str]] | None,
) -> Staged:
    dialect = dialect_of(path, options)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    rejected = "select line, column_name, error_type, csv_line from reject_errors order by line"
    columns = Columns((name, "VARCHAR") for name in dialect.names)
    # Numbers in another place's form, or with a percent sign, are texts until they are rewritten.
    is_plain = not (options.get("decimal") or options.get("thousands") or dialect.has_percents)
    numbers = {c: f"n{columns.sql(c)}" for c in likely(dialect.names)} if likely and is_plain else {}
    picks = [columns.listed(), *(f"try_cast({columns.sql(c)} as double) as {name}" for c, name in numbers.items())]
    with readable(path, dialect.encoding) as place:
        scan = f"(select {', '.join(picks)} from {dialect.scan(place)})"  # noqa: S608
        staged = materialise(connection, scan, columns, rejected, dialect.above)
    staged.notes += [*dialect.notes, *localise(connection, "hpowh_staged", columns, options)]
    staged.percents = strip_percents(connection, "hpowh_staged", columns) if dialect.has_percents else []
    staged.notes += [f"{column!r} is written with percent signs: read in percent." for column in staged.percents]
    lengths = lengths_of_time(connection, "hpowh_staged", columns)
    staged.numbers = {column: name for column, name in numbers.items() if column not in lengths}
    staged.only_numbers = only_numbers(connection, staged.numbers)
    staged.notes += [f"{column!r} is a length of time: read in seconds." for column in lengths]
    return staged


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
