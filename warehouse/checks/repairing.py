"""Mend what a check found: load a source again from where it came, drop results that are damaged, restore a backup."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.checks.definitions import changed_definitions
from hpowh.warehouse.checks.seal import OF_SOURCE, broken_seals, remove_seals
from hpowh.warehouse.connection import connect
from hpowh.warehouse.errors import HpowhError, UsageError, VersionError, WarehouseLockedError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.ingest.remove import remove_source
from hpowh.warehouse.ingest.walk import PLACE
from hpowh.warehouse.migrate import check_revision
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.beside import logs_of, refuse_belongings
from hpowh.warehouse.output.swap import remove_abandoned_files
from hpowh.warehouse.store import Warehouse
from hpowh.warehouse.views import recreate_views

if TYPE_CHECKING:
    import duckdb


@dataclass
class Repair:
    """What was mended, and what was not."""

    reloaded: list[str] = field(default_factory=list)
    """Sources that were loaded again."""
    removed_runs: list[int] = field(default_factory=list)
    """Analysis runs whose results were damaged: they were removed, and their analyses will be made anew."""
    quarantined: dict[str, str] = field(default_factory=dict)
    """Source -> folder with the rows that were left of it, as Parquet; it is not in the warehouse any more."""
    failed: dict[str, str] = field(default_factory=dict)
    """Source, or name and definition -> why it could not be mended; its rows are as they were."""


def repair(store: Warehouse, names: list[str] | None = None, *, quarantine: bool = False) -> Repair:
    """Load damaged sources again from where they came, remove results that are damaged, make views anew.

    Each source is replaced in one transaction: what is left of it stays until the new rows are in.

    Args:
        names: sources to load again, damaged or not; by default those whose seals do not hold.
        quarantine: a source that cannot be loaded is taken out, what is left of its rows is kept as Parquet.

    Raises:
        UsageError: there is no source of a name.
        HpowhError: the file is damaged beyond this; restore a backup.
    """
    broken = broken_seals(store.connection)
    if gone := sorted({one.table_name for one in broken if one.kind == "shape"}):
        raise HpowhError(
            f"{', '.join(gone)} lack columns or rows that no source brings.", "Restore a backup: hpowh restore BACKUP"
        )
    known = {
        source_id: (name, kind, uri, json.loads(options))
        for source_id, name, kind, uri, options in store.sql(
            "select source_id, name, kind, uri, options from core.source order by source_id"
        ).rows()
    }
    damaged = {one.owner_id for one in broken if one.kind == "source"} & set(known)
    if names:
        unknown = set(names) - {name for name, *_ in known.values()}
        if unknown:
            raise UsageError(
                f"There is no source {', '.join(sorted(unknown))}.", "List them: hpowh sql 'from mart.source'"
            )
        damaged = {source_id for source_id, (name, *_) in known.items() if name in names}
    done = Repair()
    for one in broken:
        if one.kind == "shared" or (one.kind == "source" and one.owner_id not in known):
            done.failed[f"{one.table_name} {one.owner_id}"] = "No source brings it again: hpowh restore BACKUP."
    if any(one.kind == "view" for one in broken) or changed_definitions(store.connection):
        with store.writing() as connection:
            recreate_views(connection)
    runs = sorted({one.owner_id for one in broken if one.kind == "analysis"})
    if runs:
        with store.writing() as connection:
            _remove_runs(connection, runs)
        done.removed_runs = runs
    for source_id in sorted(damaged):
        _reload(store, source_id, known[source_id], done, quarantine)
    return done


def _reload(
    store: Warehouse, source_id: int, known: tuple[str, str, str, dict[str, Any]], done: Repair, quarantine: bool
) -> None:
    name, kind, uri, options = known
    mapping = options.pop("mapping", {})
    options.pop(PLACE, None)
    try:
        request = Request(location=uri, name=name, mapping=mapping, options=options)
        ingest(store, find_source(kind), request, replace_old=True)
        done.reloaded.append(name)
    except HpowhError as error:
        if not quarantine:
            done.failed[name] = str(error)
            return
        folder = store.path.with_name(f"{store.path.name}.quarantine") / f"{source_id}-{kind}"
        done.quarantined[name] = str(_take_out(store, source_id, folder))


def _take_out(store: Warehouse, source_id: int, folder: Path) -> Path:
    """Write what is left of a source to Parquet files, then remove it from the warehouse."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with store.writing() as connection:
        for table, parent in OF_SOURCE.items():
            schema, _, name = table.partition(".")
            condition = (
                f"{parent}_id in (select {parent}_id from core.{parent} where source_id = {int(source_id)})"
                if parent
                else f"source_id = {int(source_id)}"
            )
            target = literal(str(folder / f"{schema}.{name}.parquet"))
            connection.execute(
                f"copy (select * from {schema}.{identifier(name)} where {condition}) to {target} (format parquet)"
            )
        durable.flush_tree(folder)
        remove_source(connection, source_id)
    return folder


def _remove_runs(connection: duckdb.DuckDBPyConnection, runs: list[int]) -> None:
    tables = connection.execute(
        "select distinct table_name from duckdb_columns() where schema_name = 'result' "
        "and column_name = 'analysis_run_id'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(
            f"delete from result.{identifier(table)} where analysis_run_id in (select unnest(?))", [runs]
        )
    connection.execute("delete from ops.analysis_run where analysis_run_id in (select unnest(?))", [runs])
    remove_seals(connection, "analysis", runs)


def restore(backup: Path, target: Path, *, wait: float = 0.0) -> Path | None:
    """Put a backup in the place of a warehouse; return where the one that was there is kept.

    The backup is copied, opened, and on the disk before anything is renamed; it stays itself.

    Raises:
        UsageError: the backup is the warehouse itself, or the target a folder or what belongs to another warehouse.
        NotAWarehouseError: the backup is none.
        WarehouseLockedError: another process has the warehouse open.
        HpowhError: it cannot be copied or opened.
    """
    if not backup.is_file():
        raise UsageError(f"There is no file {backup}.", "Backups of upgrades are named WAREHOUSE.backup-REVISION-TIME.")
    if target.exists() and target.samefile(backup):
        raise UsageError(f"{backup} is the warehouse itself.", "Name a backup.")
    if target.is_dir():
        raise UsageError(f"{target} is a folder.", "Name the file of a warehouse: --warehouse FILE")
    refuse_belongings(target)
    _refuse_held(target, wait)
    connect(backup, read_only=True).close()  # what is no warehouse is named as it was given, not as its copy
    remove_abandoned_files(target, "restored")
    partial = target.with_name(f".{target.name}.restored-{os.getpid()}")
    kept = durable.free_name(target.with_name(f"{target.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    try:
        shutil.copyfile(backup, partial)
        for log, fresh in zip(logs_of(backup), logs_of(partial), strict=True):
            if log.exists():
                shutil.copyfile(log, fresh)  # what was committed and not yet in the file belongs to it
        connection = connect(partial, read_only=False)
        try:
            _refuse_newer(connection, partial)
            connection.execute("checkpoint")
        finally:
            connection.close()
        durable.flush_file(partial)
        was_there = target.exists()
        if was_there:
            target.rename(kept)
        for log, aside in zip(logs_of(target), logs_of(kept), strict=True):
            if log.exists():
                log.rename(aside)
        partial.rename(target)
        durable.flush_folder(target.parent)
    except OSError as error:
        raise HpowhError(f"The backup cannot be put in place: {error.strerror or error}.", f"See {kept}.") from None
    finally:
        durable.discard(partial, *logs_of(partial))
    return kept if was_there else None


def _refuse_held(target: Path, wait: float) -> None:
    """Raise WarehouseLockedError where somebody has the warehouse open; one that is damaged may be replaced."""
    if not target.exists():
        return
    try:
        connect(target, read_only=False, wait=wait).close()
    except WarehouseLockedError:
        raise
    except HpowhError:
        return


def _refuse_newer(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise where the file is no warehouse, or one of a newer program; an older one is upgraded by `hpowh init`."""
    try:
        check_revision(connection, path)
    except VersionError as error:
        if "newer" in error.message:
            raise
