"""Open CSV, Parquet and JSON-lines files as one staged relation with row positions, whatever is wrong with them."""

from __future__ import annotations

import csv
import gzip
import io
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

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.protocol import Request

FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "json", ".ndjson": "json"}
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
    """Return `csv`, `parquet` or `json` by the file's ending (`.gz` aside).

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
    raise IngestError(
        f"{path}: cannot tell the format from the name.", "Endings known: .csv .tsv .parquet .jsonl, also with .gz"
    )


@dataclass
class Staged:
    """A file as a relation that can be read several times."""

    relation: str
    """SQL of the relation without positions: as fast to scan as the file allows."""
    positioned: str
    """SQL of the same with the column `ROW`."""
    columns: dict[str, str]
    """Column -> DuckDB type."""
    problems: list[Problem] = field(default_factory=list)
    """Rows that the format itself refuses: too few or too many fields, wrong encoding."""
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
        return _csv(connection, path, request.options)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise IngestError(f"{path} cannot be read: {_first_line(error).rstrip('.')}.", _hint(error)) from None


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n", maxsplit=1)[0].strip()


def _hint(error: duckdb.Error) -> str:
    text = str(error).lower()
    if "utf-8" in text or "unicode" in text or "encod" in text:
        return "Give its encoding, e.g. --encoding latin-1"
    return "Is it complete and of the format its name says?"


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    scan = f"read_parquet({literal(str(path))})"
    with_row = (
        f"(select *, file_row_number + 1 as {ROW} from read_parquet({literal(str(path))}, file_row_number = true))"
    )
    return Staged(scan, with_row, describe(connection, scan))


def _json(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    scan = f"read_json({literal(str(path))}, format = 'auto', sample_size = -1, maximum_depth = 2)"
    mixed = [name for name, kind in describe(connection, scan).items() if kind == "JSON"]
    plain = ", ".join(f"{identifier(name)} ->> '$' as {identifier(name)}" for name in mixed)
    return _materialise(connection, f"(select * replace ({plain}) from {scan})" if mixed else scan, [])


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]) -> Staged:
    encoding = str(options.get("encoding") or "utf-8")
    header = _header(path, encoding)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    scan = (
        f"read_csv({literal(str(path))}, all_varchar = true, header = true, delim = {literal(header.delimiter)}, "
        f"quote = '\"', escape = '\"', encoding = {literal(encoding)}, store_rejects = true, rejects_limit = 0, "
        "strict_mode = true, max_line_size = 16777216)"
    )
    rejected = "select line, column_name, error_type, csv_line from reject_errors order by line"
    staged = _materialise(connection, scan, [], rejected)
    twice = {name for name in header.names if header.names.count(name) > 1}
    if twice:
        raise IngestError(f"{path}: the header names {', '.join(sorted(twice))} twice.", "Rename one of the columns.")
    return staged


def _materialise(
    connection: duckdb.DuckDBPyConnection, scan: str, problems: list[Problem], rejected: str | None = None
) -> Staged:
    connection.execute(
        f"create or replace temp table hpowh_staged as select *, row_number() over () as {ROW} from {scan}"
    )
    lost: list[int] = []
    if rejected:
        for line, column, kind, text in connection.execute(rejected).fetchall():
            if not lost or lost[-1] != line - 1:
                lost.append(line - 1)
                problems.append(Problem(line - 1, column or "(whole row)", (text or "")[:80], REJECTS.get(kind, kind)))
    columns = {name: kind for name, kind in describe(connection, "hpowh_staged").items() if name != ROW}
    staged = Staged(f"(select * exclude ({ROW}) from hpowh_staged)", "hpowh_staged", columns, problems)
    staged._lost = lost
    return staged


REJECTS = {
    "MISSING COLUMNS": "the row has fewer fields than the header",
    "TOO MANY COLUMNS": "the row has more fields than the header",
    "INVALID ENCODING": "the text is not UTF-8; give its encoding, e.g. --encoding latin-1",
    "UNQUOTED VALUE": "a quote is not closed",
    "LINE SIZE OVER MAXIMUM": "the row is longer than 16 MiB",
}


def describe(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return column -> DuckDB type of a relation."""
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file."""

    names: list[str]
    delimiter: str


def _header(path: Path, encoding: str) -> Header:
    try:
        is_zipped = path.suffix.lower() == ".gz"
        with gzip.open(path, "rb") if is_zipped else path.open("rb") as raw:
            line = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="").readline()
    except (OSError, LookupError, EOFError) as error:
        raise IngestError(f"{path} cannot be read: {error}") from None
    delimiter = max(",;\t|", key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    return Header([name.strip() for name in names], delimiter)


def row_count(connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Return how many rows could be read."""
    return int(connection.execute(f"select count(*) from {staged.relation}").fetchall()[0][0])


def first_rows(connection: duckdb.DuckDBPyConnection, staged: Staged, limit: int = 5) -> list[tuple[Any, ...]]:
    """Return the first rows as found."""
    columns = ", ".join(identifier(name) for name in staged.columns)
    return connection.execute(f"select {columns} from {staged.positioned} order by {ROW} limit {limit}").fetchall()


def is_numeric_type(sql_type: str) -> bool:
    """Whether a DuckDB type holds numbers."""
    return sql_type in ("DOUBLE", "FLOAT", "INTEGER") or sql_type.endswith("INT") or sql_type.startswith("DECIMAL")


MISSING_TEXTS = ("", "na", "n/a", "null", "none", "-")
"""Texts that mean "no number" in a column of numbers."""


def number(column: str, sql_type: str) -> str:
    """Return SQL that reads a column as a double; NULL where it is missing or no number."""
    name = identifier(column)
    if sql_type in ("DOUBLE", "FLOAT"):
        return f"{name}::double"
    return f"try_cast({name} as double)"


def not_a_number(column: str, sql_type: str) -> str | None:
    """Return SQL that is true where a column holds something that is no number, or None where that cannot be."""
    if is_numeric_type(sql_type) or sql_type == "BOOLEAN":
        return None
    name = identifier(column)
    missing = ", ".join(literal(text) for text in MISSING_TEXTS)
    return (
        f"({name} is not null and try_cast({name} as double) is null "
        f"and lower(trim({name}::varchar)) not in ({missing}))"
    )


def status_of(value: str) -> str:
    """Return SQL for the status that a number's own form gives it."""
    return (
        f"case when {value} is null then 'missing' when isnan({value}) then 'nan' "
        f"when isinf({value}) and {value} > 0 then 'inf' when isinf({value}) then 'neg_inf' else 'ok' end"
    )


def finite(value: str) -> str:
    """Return SQL for the number where it is finite, else NULL."""
    return f"case when isfinite({value}) then {value} end"
