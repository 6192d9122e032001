"""Publish: a read-only copy that readers keep while it is replaced, and the core tables as Parquet with a manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from hpowh.warehouse.catalogue import Table
from hpowh.warehouse.connection import explain, is_database
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.migrate import IDENTITY, program_version
from hpowh.warehouse.names import identifier, literal, slug
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.swap import remove_abandoned_files, replaced_folder
from hpowh.warehouse.output.targets import refuse_folder
from hpowh.warehouse.store import COPY_IDENTITY
from hpowh.warehouse.views import create_macros, observation_view, space_view, static_views

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

PARTITIONED = {"evaluation": ("search_space_id", "benchmark_id"), "trace": ("source_id",)}
"""Large tables, and the columns by which they are split into folders."""
SCHEMAS = ("core", "result", "ops")
"""What an export holds: what was measured, what was found, and the ledgers; views are SQL on these."""


def publish_copy(store: Warehouse, target: Path) -> None:
    """Write a compacted copy of the warehouse to `target` and swap it in at once.

    Readers that have the old copy open keep reading it; whoever opens `target` finds the old or the new copy, whole,
    also after a power cut. The copy says of itself that it is one; whoever writes into it makes it a warehouse.

    Raises:
        UsageError: `target` is there and is no published copy, but the warehouse itself, another one, or anything else.
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
            connection.execute(f"attach {literal(str(partial))} as copy")
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
        for leftover in (partial, partial.with_name(f"{partial.name}.wal")):
            leftover.unlink(missing_ok=True)


def _refuse_all_but_copies(store: Warehouse, target: Path) -> None:
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


@dataclass(frozen=True)
class ExportedTable:
    """One table of an export: where its files are, and what they hold."""

    name: str
    path: str
    rows: int
    columns: dict[str, str]
    files: dict[str, str]
    """File -> SHA-256 of its content."""


def export_parquet(store: Warehouse, folder: Path) -> list[ExportedTable]:
    """Write all tables as Parquet below `folder`, with `manifest.json`; return what was written.

    Large tables are split into folders (`evaluation` by search space and benchmark). The folder appears when it is
    whole and replaces an older export in one step.

    Raises:
        UsageError: `folder` is a file, or holds something that is no export.
        HpowhError: it cannot be written.
    """
    _refuse_all_but_exports(folder)
    try:
        with replaced_folder(folder) as partial:
            tables = [_export_table(store, table.name, partial) for table in _exported(store)]
            manifest = {
                "program": f"hpowh {program_version()}",
                "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "tables": [asdict(table) for table in tables],
            }
            (partial / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except duckdb.Error as error:
        raise explain(error, folder) from None
    except OSError as error:
        raise HpowhError(f"Cannot write {folder}: {error.strerror}.") from None
    return tables


def _refuse_all_but_exports(folder: Path) -> None:
    """Raise where replacing the folder would remove something that is no part of an export."""
    refuse_folder(folder, option="--parquet", mark="manifest.json", what="export")
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        tables = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
        made = {"manifest.json", *(file for table in tables for file in table["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder} is there and is no export.", "Name a new or empty folder.") from None
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and str(path.relative_to(folder)) not in made:
            raise UsageError(f"{path} is no part of the export in {folder}.", "Move it away, or name another folder.")


def _exported(store: Warehouse) -> list[Table]:
    return [table for table in store.tables() if table.kind == "table" and table.name.split(".")[0] in SCHEMAS]


def _export_table(store: Warehouse, name: str, folder: Path) -> ExportedTable:
    schema, table = name.split(".")
    where = folder / schema / table
    where.mkdir(parents=True)
    split = PARTITIONED.get(table) if schema == "core" else None
    rows = store.sql(f"select count(*) from {name}").one()
    if split and rows:
        target, options = where, f", partition_by ({', '.join(split)}), write_partition_columns true"
    else:
        target, options = where / "part.parquet", ""
    store.connection.execute(f"copy {name} to {literal(str(target))} (format parquet, compression zstd{options})")
    files = {str(path.relative_to(folder)): _digest(path) for path in sorted(where.rglob("*.parquet"))}
    return ExportedTable(name, f"{schema}/{table}", rows, dict(store.columns(name)), files)


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
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect() as connection:
        for schema in (*SCHEMAS, "mart", "space"):
            connection.execute(f"create schema {schema}")
        for table in manifest["tables"]:
            for file, digest in table["files"].items():
                if not (folder / file).is_file() or _digest(folder / file) != digest:
                    raise HpowhError(f"{folder / file} is missing or was changed.", "Export again.")
            pattern = literal(str(folder / table["path"] / "**" / "*.parquet"))
            columns = ", ".join(
                f"{identifier(name)}::{kind} as {identifier(name)}" for name, kind in table["columns"].items()
            )
            scan = f"read_parquet({pattern}, hive_partitioning = false)"
            connection.execute(f"create view {table['name']} as select {columns} from {scan}")
        create_macros(connection)
        compared = []
        for name, select in _views(connection):
            connection.execute(f"create view {_quoted(name)} as {select}")
            query = _digest_query(store, name)
            here, there = store.sql(query).rows()[0], connection.execute(query).fetchall()[0]
            compared.append(Comparison(name.removeprefix("mart."), here[0], here == there))
    return compared


def _views(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Yield the name and the SELECT of every view; those made from the data as the exported data make them."""
    for view in static_views():
        yield f"mart.{view.name}", view.select
    yield "mart.observation", observation_view(connection)
    for number, name in connection.execute(
        "select search_space_id, name from core.search_space order by search_space_id"
    ).fetchall():
        yield f"space.{slug(name)}", space_view(connection, number)
