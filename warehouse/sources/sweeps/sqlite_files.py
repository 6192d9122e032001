"""Databases of tools that keep SQLite files, read in one read-only transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import MOST_BYTES

START = b"SQLite format 3\x00"
PATIENCE = 10.0
"""Seconds to wait while the tool holds the file for a write."""
CHUNK = 1 << 20


def is_sqlite(path: Path) -> bool:
    """Say whether a file begins as SQLite's do."""
    try:
        with path.open("rb") as handle:
            return handle.read(len(START)) == START
    except OSError:
        return False


def columns_in(path: Path) -> dict[str, set[str]]:
    """Return table -> its columns.

    Raises:
        IngestError: it is no SQLite file, or is damaged.
    """
    with opened(path) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        sql = "select name from pragma_table_info(?)"
        return {table: {row[0] for row in connection.execute(sql, [table])} for table in tables}


def columns_if_any(path: Path) -> dict[str, set[str]]:
    """Return the same, and nothing where the file cannot be read: to say what a file is."""
    if not path.is_file() or not is_sqlite(path):
        return {}
    try:
        return columns_in(path)
    except IngestError:
        return {}


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection within one read transaction.

    Raises:
        IngestError: it is no SQLite file, is damaged, or a writer holds it for too long.
    """
    if not is_sqlite(path):
        raise IngestError(f"{path} is no SQLite file.", "Nothing was loaded.")
    try:
        connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=PATIENCE)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            connection.isolation_level = None
            connection.execute("begin")
            refuse_computed(connection, path)
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "locked" in str(error):
            raise IngestError(f"{path} is held by a writer ({error}).", "Run again in a moment.") from None
        raise IngestError(
            f"{path} cannot be read as SQLite: {error}.", "Is the file complete? Nothing was loaded."
        ) from None


def refuse_computed(connection: sqlite3.Connection, path: Path) -> None:
    """Let no value be larger than a file that is read whole, and refuse columns that are computed when they are read.

    No tool has such columns, and in a file of a few bytes they may stand for gigabytes a row.

    Raises:
        IngestError: there is one.
        sqlite3.Error: the file is damaged, or is none.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    found = connection.execute(
        "select t.name, c.name from sqlite_master as t, pragma_table_xinfo(t.name) as c "
        "where t.type = 'table' and c.hidden in (2, 3) limit 1"
    ).fetchall()
    for table, column in found:
        raise IngestError(
            f"{path}: the column {column!r} of its table {table!r} is computed, as no tool's is.", "Nothing was loaded."
        )


def fingerprint_of_databases(paths: list[Path]) -> str:
    """Return a hash of databases and of their write-ahead logs."""
    digest = blake2b(digest_size=32)
    for path in sorted(paths):
        for one in (path, path.with_name(f"{path.name}-wal")):
            if one.is_file():
                digest.update(f"\n{one.name}\n".encode("utf-8", "surrogateescape"))
                with one.open("rb") as handle:
                    while chunk := handle.read(CHUNK):
                        digest.update(chunk)
    return digest.hexdigest()
