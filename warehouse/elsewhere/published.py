"""What was published is read as a warehouse is: a folder of Parquet with a manifest, here or at an address, or a lake.

Small tables are read into memory when it is opened; large ones are views of their files, and a query reads of these
what it needs. The views are this program's own, as in a warehouse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from hpowh.warehouse.elsewhere.extensions import load_extension, set_up_access
from hpowh.warehouse.errors import NotAWarehouseError, VersionError
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.views import create_macros, observation_view, space_view, space_views, static_views

MANIFEST = "manifest.json"
SCHEMAS = ("core", "result", "ops")
"""What an export holds: what was measured, what was found, and the ledgers; views are SQL on these."""
SMALL = 1 << 20
"""Bytes of Parquet up to which a table is read into memory when the folder is opened."""
LAKE = "ducklake:"
"""What the address of a lake's catalogue begins with."""
_TABLE = re.compile(r"(core|result|ops)\.\w+")
_TYPE = re.compile(r"[A-Za-z]\w*( [A-Za-z]+)*(\(\d+(, ?\d+)?\))?")
"""A type of DuckDB that a warehouse's column has: words, perhaps with a precision."""
_OUTSIDE = re.compile(r"^[/\\]|(^|[/\\])\.\.([/\\]|$)|[*?\[\]:]")
"""What a file's name within a published folder does not hold: a root, a way up, a pattern, an address."""
_REMOTE = re.compile(r"(s3|gs|gcs|r2|https?):/+(?P<rest>.+)", re.I | re.S)


@dataclass(frozen=True)
class Folder:
    """A published folder: its address, with `/` at its end, and its manifest."""

    address: str
    manifest: Mapping[str, Any]

    @property
    def revision(self) -> str:
        """The revision of the tables."""
        return str(self.manifest["revision"])

    def files(self) -> list[str]:
        """Return the addresses of all files."""
        return [file for table in self.manifest["tables"] for file in self.files_of(table)]

    def files_of(self, table: Mapping[str, Any]) -> list[str]:
        """Return the addresses of a table's files; none where it is empty."""
        return [self.address + file for file in table["files"]]


def remote_address(path: str | Path) -> str | None:
    """Return the address (`s3://…`, `https://…`) that a path stands for, which loses one of two slashes; else None."""
    found = _REMOTE.fullmatch(str(path))
    return f"{found[1].lower()}://{found['rest']}" if found else None


def is_elsewhere(path: Path) -> bool:
    """Return whether a path is no DuckDB file but a published folder, the address of one, or that of a lake."""
    return is_lake(path) or remote_address(path) is not None or (path / MANIFEST).is_file()


def is_lake(path: Path) -> bool:
    """Return whether a path is the address of a lake's catalogue."""
    return str(path).startswith(LAKE)


def read_folder(path: Path, connection: duckdb.DuckDBPyConnection) -> Folder:
    """Read the manifest of a published folder.

    Raises:
        NotAWarehouseError: there is none, or it is no manifest of an export.
        VersionError: it is of an hpowh that did not note the revision.
    """
    remote = remote_address(path)
    address = f"{(remote or str(path)).rstrip('/')}/"
    try:
        if remote is None:
            text = (path / MANIFEST).read_text(encoding="utf-8")
        else:
            set_up_access(connection, remote)
            text = connection.execute(f"select content from read_text({literal(address + MANIFEST)})").fetchall()[0][0]
        manifest = json.loads(text)
        tables = [dict(table) for table in manifest["tables"]]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, duckdb.Error) as error:
        raise NotAWarehouseError(
            f"{address} is no published folder: {str(error).splitlines()[0]}.",
            "Make one: hpowh publish --parquet FOLDER",
        ) from None
    if "revision" not in manifest or not all("bytes" in table for table in tables):
        raise VersionError(f"{address} was published by an older hpowh.", "Publish it again: hpowh publish --parquet")
    if flaw := manifest_flaw(manifest):
        raise NotAWarehouseError(
            f"{address} is no published folder: its manifest has {flaw}.", "Make one: hpowh publish --parquet FOLDER"
        )
    return Folder(address, manifest)


def manifest_flaw(manifest: Mapping[str, Any]) -> str:
    """Return what in a manifest cannot be of an export, or an empty text: SQL is made of it, and its files are read."""
    if not isinstance(manifest["revision"], str):
        return "no revision"
    for table in manifest["tables"]:
        name, columns = str(table.get("name")), table.get("columns")
        if not _TABLE.fullmatch(name) or not isinstance(table.get("grain"), str) or not isinstance(table["bytes"], int):
            return f"the table {name!r}"
        if not isinstance(columns, dict) or not all(_TYPE.fullmatch(str(kind)) for kind in columns.values()):
            return f"columns of {name} that have no type"
        if not isinstance(table.get("files"), dict) or any(_OUTSIDE.search(file) for file in table["files"]):
            return f"files of {name} that are not within the folder"
    return ""


def published_files(path: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the files that queries of a published folder or a lake read; none of a DuckDB file."""
    if is_lake(path):
        query = "select distinct path from __ducklake_metadata_lake.ducklake_data_file where end_snapshot is null"
        return [file for (file,) in connection.execute(query).fetchall()]
    return read_folder(path, connection).files() if is_elsewhere(path) else []


def open_elsewhere(path: Path, config: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Return a connection in which the tables and views of a published folder or a lake stand as in a warehouse.

    Raises:
        NotAWarehouseError: there is none, or it cannot be read as it was published.
        VersionError: it is of an older hpowh.
        HpowhError: an extension of DuckDB cannot be had.
    """
    connection = duckdb.connect(config=dict(config))
    try:
        make_schemas(connection)
        revision = _make_lake(connection, path) if is_lake(path) else _make_folder(connection, path)
        connection.execute("create table ops.revision (version_num varchar)")
        connection.execute("insert into ops.revision values (?)", [revision])
        make_views(connection)
    except (duckdb.Error, KeyError, TypeError, ValueError) as error:
        connection.close()
        raise NotAWarehouseError(
            f"{path} cannot be read as it was published: {str(error).splitlines()[0]}", "Publish it again."
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _make_folder(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    folder = read_folder(path, connection)
    for table in folder.manifest["tables"]:
        _make_table(connection, folder, table)
    return folder.revision


def _make_lake(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Make a view of every table of a lake and return its revision. Raises NotAWarehouseError."""
    attach_lake(connection, str(path), "read_only")
    tables = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = 'lake'"
    ).fetchall()
    revision = None
    for schema, name, comment in tables:
        if (schema, name) == ("ops", "revision"):
            revision = comment
        elif schema in SCHEMAS:
            whole = f"{identifier(schema)}.{identifier(name)}"
            connection.execute(f"create view {whole} as select * from lake.{whole}")
            connection.execute(f"comment on view {whole} is {literal(comment or '')}")
    if not revision:
        raise NotAWarehouseError(f"{path} is no lake of hpowh.", "Make one: hpowh publish --parquet FOLDER --lake FILE")
    return str(revision)


def attach_lake(connection: duckdb.DuckDBPyConnection, address: str, options: str) -> None:
    """Attach a lake as `lake`, with the extensions that it and its catalogue need.

    Raises:
        HpowhError: an extension cannot be had, or there is no such catalogue.
    """
    for kind, extension in (("sqlite:", "sqlite_scanner"), ("postgres:", "postgres_scanner")):
        if address.startswith(f"{LAKE}{kind}"):
            load_extension(connection, extension)
    load_extension(connection, "ducklake")
    try:
        connection.execute(f"attach {literal(address)} as lake ({options})")
    except duckdb.Error as error:
        raise NotAWarehouseError(f"{address} cannot be opened: {str(error).splitlines()[0]}") from None


def make_schemas(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schemas of a warehouse."""
    for schema in (*SCHEMAS, "mart", "space"):
        connection.execute(f"create schema if not exists {schema}")


def _make_table(connection: duckdb.DuckDBPyConnection, folder: Folder, table: Mapping[str, Any]) -> None:
    schema, _, name = table["name"].partition(".")
    whole = f"{identifier(schema)}.{identifier(name)}"
    files = folder.files_of(table)
    if not files:
        columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in table["columns"].items())
        connection.execute(f"create table {whole} ({columns})")
    kind = "table" if table["bytes"] <= SMALL or not files else "view"
    if files:
        connection.execute(f"create {kind} {whole} as {scan(files, table['columns'])}")
    connection.execute(f"comment on {kind} {whole} is {literal(table['grain'])}")


def scan(files: Sequence[str], columns: Mapping[str, str]) -> str:
    """Return the SELECT of a table's files, each column of the type that it has in a warehouse."""
    listed = ", ".join(literal(file) for file in files)
    picked = ", ".join(f"{identifier(name)}::{kind} as {identifier(name)}" for name, kind in columns.items())
    return f"select {picked} from read_parquet([{listed}], hive_partitioning = false)"


def make_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros and views of a warehouse on the tables that are there."""
    create_macros(connection)
    for name, select, grain in views_of(connection):
        schema, _, view = name.partition(".")
        connection.execute(f"create view {schema}.{identifier(view)} as {select}")
        connection.execute(f"comment on view {schema}.{identifier(view)} is {literal(grain)}")


def views_of(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    """Yield name, SELECT and grain of every view; those made from the data as the data that are there make them."""
    for view in static_views():
        yield f"mart.{view.name}", view.select, view.grain
    yield (
        "mart.observation",
        observation_view(connection),
        "One row per point of a trace, with names, run factors and meta-features as columns.",
    )
    for number, name, view_name in space_views(connection):
        grain = f"One row per evaluation in the search space {name}, with its hyperparameters as named, typed columns."
        yield f"space.{view_name}", space_view(connection, number), grain
