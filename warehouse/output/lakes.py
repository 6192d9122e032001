"""Register an export in a DuckLake: a catalogue beside the Parquet, which stays where it is and is not copied."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from hpowh.warehouse.elsewhere.published import LAKE, SCHEMAS, attach_lake, read_folder
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.output.beside import refuse_belongings

DATA = ".files"
"""What the catalogue's name ends with for the folder of data that the lake itself would write: none, as a rule."""


def lake_address(text: str) -> str:
    """Return the address of a catalogue: `ducklake:…` as it is, anything else a SQLite file."""
    return text if text.startswith(LAKE) else f"{LAKE}sqlite:{Path(text).resolve()}"


def register_lake(folder: Path, catalogue: str) -> int:
    """Register the files of an export, in one transaction; return how many. What the lake held before is replaced.

    Args:
        catalogue: a file for a SQLite catalogue, or an address such as `ducklake:postgres:dbname=…`.

    Raises:
        UsageError: the file is there and is no catalogue.
        HpowhError: an extension cannot be had, or the catalogue cannot be written.
    """
    address = lake_address(catalogue)
    refuse_other_files(catalogue)
    home = folder.resolve()
    count = 0
    with duckdb.connect() as connection:
        manifest = read_folder(folder, connection).manifest
        data = f"{home}{DATA}"
        attach_lake(connection, address, f"data_path {literal(data)}, override_data_path true")
        try:
            connection.begin()
            for schema in SCHEMAS:
                connection.execute(f"create schema if not exists lake.{schema}")
            for table in manifest["tables"]:
                schema, _, name = table["name"].partition(".")
                whole = f"lake.{identifier(schema)}.{identifier(name)}"
                columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in table["columns"].items())
                connection.execute(f"drop table if exists {whole}")
                connection.execute(f"create table {whole} ({columns})")
                connection.execute(f"comment on table {whole} is {literal(table['grain'])}")
                for file in table["files"]:
                    connection.execute(
                        f"call ducklake_add_data_files('lake', {literal(name)}, {literal(str(home / file))}, "
                        f"schema => {literal(schema)})"
                    )
                    count += 1
            # A table's comment, as a row would be a file of the lake's own.
            connection.execute("drop table if exists lake.ops.revision")
            connection.execute("create table lake.ops.revision (version_num varchar)")
            connection.execute(f"comment on table lake.ops.revision is {literal(manifest['revision'])}")
            connection.commit()
        except duckdb.Error as error:
            raise HpowhError(f"{address} cannot be written: {str(error).splitlines()[0]}") from None
    return count


def refuse_other_files(catalogue: str) -> None:
    """Raise where a file is there that is no catalogue of a lake; another tool's SQLite database is none either.

    Raises:
        UsageError: there is such a file.
    """
    path = Path(catalogue)
    if catalogue.startswith(LAKE):
        return
    refuse_belongings(path, option="--lake")
    if not path.exists() or (path.is_file() and _is_catalogue(path)):
        return
    raise UsageError(f"--lake {catalogue} is there and is no catalogue of a lake.", "Name a new file.")


def _is_catalogue(path: Path) -> bool:
    with path.open("rb") as handle:
        if not handle.read(16).startswith(b"SQLite format 3"):
            return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            names = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error:
        return False
    return not names or "ducklake_metadata" in names
