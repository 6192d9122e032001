"""Publish: a read-only copy that readers keep while it is replaced, and the core tables as Parquet with a manifest."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from hpowh.warehouse.catalogue import Table
from hpowh.warehouse.connection import STORAGE, explain, is_database
from hpowh.warehouse.elsewhere.published import MANIFEST, SCHEMAS, make_schemas, read_folder, scan, views_of
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.migrate import IDENTITY, program_version
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.beside import refuse_belongings, refuse_log_alone
from hpowh.warehouse.output.swap import remove_abandoned_files, replaced_folder
from hpowh.warehouse.output.targets import refuse_folder
from hpowh.warehouse.revisions import newest_revision
from hpowh.warehouse.store import COPY_IDENTITY
from hpowh.warehouse.views import create_macros

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

PARTITIONED = {"evaluation": ("search_space_id", "benchmark_id"), "trace": ("source_id",)}
"""Large tables, and the columns by which they are split into folders."""
MARTS = ("mart", "space")
"""Schemas of views."""
LARGE = 100_000
"""Rows from which a table is split: a folder of many small files is slow to read at an address."""


def publish_copy(store: Warehouse, target: Path) -> None:
    """Write a compacted copy of the warehouse to `target` and swap it in at once.

    Readers that have the old copy open keep reading it; whoever opens `target` finds the old or the new copy, whole,
    also after a power cut. The copy says of itself that it is one; whoever writes into it makes it a warehouse.

    Raises:
        UsageError: `target` is there and is no published copy, but the warehouse itself, another one, or anything else;
            or a log would be taken for that of the copy, or the copy for a log.
        HpowhError: the copy cannot be written; the old one stays.
    """
    if target.is_symlink() and target.exists():
        target = target.resolve()  # the link stays
    _refuse_all_but_copies(store, target)
    store.close()
    store.connection.execute("select 1")  # says who holds the file, or that it is no warehouse
    store.close()
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    remove_abandoned_files(target, "partial")
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(str(store.path))} as source (read_only)")
            connection.execute(f"attach {literal(str(partial))} as copy (storage_version {literal(STORAGE)})")
            connection.execute("copy from database source to copy")
            connection.execute("update copy.ops.warehouse set identity = ?", [COPY_IDENTITY])
            connection.execute("checkpoint copy")
            connection.execute("detach copy")
        partial.chmod(0o444)
        durable.replace(partial, target)
    except duckdb.Error as error:
        raise explain(error, target) from None
    except OSError as error:
        raise HpowhError(f"Cannot write {target}: {error.strerror}.") from None
    finally:
        durable.discard(partial, partial.with_name(f"{partial.name}.wal"))


def _refuse_all_but_copies(store: Warehouse, target: Path) -> None:
    refuse_belongings(target)
    refuse_log_alone(target)
    if not target.exists():
        return
    if target.samefile(store.path):
        raise UsageError(f"{target} is the warehouse itself.", "Name another file.")
    if not target.is_file() or not is_database(target):
        raise UsageError(f"{target} is there and is no published copy.", "Name a new file, or remove it first.")
    if not is_copy(target):
        raise UsageError(
            f"{target} is there and is no published copy, but a warehouse of its own.",
            "Name a new file. If it may go, remove it first.",
        )


def is_copy(path: Path) -> bool:
    """Return whether a DuckDB file is a copy that `publish` made and nobody has written into since.

    Copies of the first versions have no mark; they are told by their mode: nobody may write them.

    Raises:
        HpowhError: it cannot be opened.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute("select identity from ops.warehouse").fetchall()
    except duckdb.CatalogException:
        return False
    except duckdb.Error as error:
        raise explain(error, path) from None
    if rows == [(COPY_IDENTITY,)]:
        return True
    return rows == [(IDENTITY,)] and not path.stat().st_mode & 0o222


@dataclass(frozen=True, kw_only=True)
class ExportedTable:
    """One table of an export: where its files are, and what they hold."""

    name: str
    path: str
    grain: str
    rows: int
    bytes: int
    columns: dict[str, str]
    files: dict[str, str]
    """File -> SHA-256 of its content; none where the table is empty."""


def export_parquet(store: Warehouse, folder: Path, *, with_marts: bool = False) -> list[ExportedTable]:
    """Write all tables as Parquet below `folder`, with `manifest.json`; return what was written.

    Args:
        with_marts: the rows of every view (`mart.…`, `space.…`) too, for engines that do not speak DuckDB's SQL.

    Each table is one file; large ones are split into folders (`evaluation` by search space and benchmark), and empty
    ones have no file: the manifest lists them with their columns. The folder appears when it is whole and replaces an
    older export in one step.

    Raises:
        UsageError: `folder` is a file, or holds something that is no export.
        HpowhError: it cannot be written.
    """
    refuse_all_but_exports(folder)
    try:
        with replaced_folder(folder) as partial:
            tables = [_export_table(store, table, partial) for table in _exported(store)]
            views = [table for table in store.tables() if with_marts and table.name.split(".")[0] in MARTS]
            marts = [_export_table(store, view, partial) for view in views]
            manifest = {
                "program": f"hpowh {program_version()}",
                "revision": newest_revision(),
                "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "tables": [asdict(table) for table in tables],
                "marts": [asdict(table) for table in marts],
            }
            (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except duckdb.Error as error:
        raise explain(error, folder) from None
    except OSError as error:
        raise HpowhError(f"Cannot write {folder}: {error.strerror}.") from None
    return tables + marts


def refuse_all_but_exports(folder: Path) -> None:
    """Raise where replacing the folder would remove something that is no part of an export."""
    refuse_folder(folder, option="--parquet", mark=MANIFEST, what="export")
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        tables = [*manifest["tables"], *manifest.get("marts", [])]
        made = {MANIFEST, *(file for table in tables for file in table["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder} is there and is no export.", "Name a new or empty folder.") from None
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and str(path.relative_to(folder)) not in made:
            raise UsageError(f"{path} is no part of the export in {folder}.", "Move it away, or name another folder.")


def _exported(store: Warehouse) -> list[Table]:
    return [table for table in store.tables() if table.kind == "table" and table.name.split(".")[0] in SCHEMAS]


def _export_table(store: Warehouse, listed: Table, folder: Path) -> ExportedTable:
    schema, _, table = listed.name.partition(".")
    where = folder / schema / table
    rows = store.sql(f"select count(*) from {_quoted(listed.name)}").one()
    if rows:
        where.mkdir(parents=True)
        target, options = where / "part.parquet", ""
        split = PARTITIONED.get(table) if schema == "core" else None
        if split and rows >= LARGE:
            target, options = where, f", partition_by ({', '.join(split)}), write_partition_columns true"
        store.connection.execute(
            f"copy (from {_quoted(listed.name)}) to {literal(str(target))} (format parquet, compression zstd{options})"
        )
    paths = sorted(where.rglob("*.parquet"))
    return ExportedTable(
        name=listed.name,
        path=f"{schema}/{table}",
        grain=listed.grain,
        rows=rows,
        bytes=sum(path.stat().st_size for path in paths),
        columns=dict(store.columns(listed.name)),
        files={str(path.relative_to(folder)): _digest(path) for path in paths},
    )


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        digest = sha256()
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _digest_query(store: Warehouse, view: str) -> str:
    """Count and order-free hash of a view's rows; sums of floats to 9 digits, as their last bits follow the order."""
    columns = ", ".join(
        f"printf('%.9e', {identifier(name)})" if kind == "DOUBLE" else identifier(name)
        for name, kind in store.columns(view)
    )
    return f"select count(*), bit_xor(hash({columns})), sum(hash({columns}) % 1000003) from {_quoted(view)}"


def _quoted(name: str) -> str:
    schema, _, view = name.partition(".")
    return f"{schema}.{identifier(view)}"


@dataclass(frozen=True)
class Comparison:
    """Whether a view gives the same rows on the export as in the warehouse."""

    view: str
    rows: int
    is_equal: bool


def verify_parquet(store: Warehouse, folder: Path) -> list[Comparison]:
    """Run the SQL of every view on the exported Parquet and compare its rows with the warehouse's.

    The views with columns of their own (`mart.observation`, `space.<name>`) are compared too.

    Raises:
        HpowhError: a file of the export is missing or was changed.
    """
    with duckdb.connect() as connection:
        manifest = read_folder(folder, connection).manifest
        make_schemas(connection)
        for table in manifest["tables"]:
            for file, digest in table["files"].items():
                if not (folder / file).is_file() or _digest(folder / file) != digest:
                    raise HpowhError(f"{folder / file} is missing or was changed.", "Export again.")
            columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in table["columns"].items())
            if table["files"]:
                select = scan([str(folder / file) for file in table["files"]], table["columns"])
                connection.execute(f"create view {table['name']} as {select}")
            else:
                connection.execute(f"create table {table['name']} ({columns})")
        create_macros(connection)
        compared = []
        for name, select, _ in views_of(connection):
            connection.execute(f"create view {_quoted(name)} as {select}")
            query = _digest_query(store, name)
            here, there = store.sql(query).rows()[0], connection.execute(query).fetchall()[0]
            compared.append(Comparison(name.removeprefix("mart."), here[0], here == there))
    return compared
