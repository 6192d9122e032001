"""Create a warehouse and bring an older one up to date, in one transaction, with a backup kept."""

from __future__ import annotations

import glob
import os
import shutil
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse import bridge
from hpowh.warehouse.checks.contents import holds_the_same
from hpowh.warehouse.checks.seal import is_current, seal_all, seal_shape
from hpowh.warehouse.connection import connect, explain
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, VersionError
from hpowh.warehouse.fresh import fresh_tables
from hpowh.warehouse.names import literal
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.beside import logs_of, refuse_belongings, refuse_log_alone
from hpowh.warehouse.output.preimages import Guard
from hpowh.warehouse.output.swap import remove_abandoned_files
from hpowh.warehouse.revisions import alembic_config, migrations_folder, newest_revision, revisions
from hpowh.warehouse.views import drop_views, recreate_views

if TYPE_CHECKING:
    import duckdb

IDENTITY = "hpowh"


@cache
def program_version() -> str:
    """Return the installed version of hpowh; looking through what is installed takes as long as several queries."""
    return package_version("hpowh")


def revision_of(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return the revision at which a warehouse stands.

    Raises:
        NotAWarehouseError: the file is a DuckDB database of another kind.
        VersionError: the warehouse is from before the first release and too old to be upgraded.
    """
    import duckdb

    try:  # Asked for by their names: DuckDB's lists of tables and views write out the SQL of all that there are.
        rows = connection.execute(
            "select version_num from ops.revision union all (select identity from ops.warehouse limit 0)"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        raise NotAWarehouseError(
            f"{path} is a DuckDB file but not a hpowh warehouse.", "Name another file, or make one: hpowh init"
        ) from None
    revision = str(rows[0][0]) if rows else ""
    try:
        connection.execute(f"select * from result.{bridge.MADE_LAST} limit 0")
    except duckdb.CatalogException:
        raise VersionError(
            f"The warehouse {path} was made before the first release (revision {revision} of then); this hpowh "
            f"upgrades from revision {bridge.LAST} of then on.",
            "Make a new one and load its sources again: hpowh init --warehouse NEW_FILE",
        ) from None
    if not revision:
        raise HpowhError(
            f"The warehouse {path} is damaged: it does not say at which revision it stands.",
            "Restore a backup (hpowh keeps one beside the file before every upgrade): hpowh restore BACKUP",
        )
    return revision


def refuse_foreign(path: Path, wait: float = 0.0) -> None:
    """Raise where the file is a DuckDB database of another kind whose log a writing connection would fold in.

    Raises:
        NotAWarehouseError: it is; it was only read.
        HpowhError: it cannot be opened.
    """
    if not any(log.exists() for log in logs_of(path)):
        return
    connection = connect(path, read_only=True, wait=wait)
    try:
        revision_of(connection, path)
    finally:
        connection.close()


def check_revision(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a warehouse that is newer or older than this program.

    Raises:
        VersionError: says which of the two it is and what to do.
    """
    stands, newest = revision_of(connection, path), newest_revision()
    if stands == newest:
        return
    if stands != bridge.LAST and stands not in revisions():
        raise VersionError(
            f"The warehouse {path} was made by a newer hpowh (revision {stands}; this one, {program_version()}, "
            f"knows up to {newest}).",
            "Upgrade the program: pip install --upgrade hpowh",
        )
    raise VersionError(
        f"The warehouse {path} stands at revision {stands}; this program needs {newest}.",
        f"Upgrade it in place (a backup is kept): hpowh init --warehouse {path}",
    )


def initialise(path: Path, *, wait: float = 0.0, target: str | None = None) -> tuple[str, Path | None]:
    """Create the warehouse at `path`, or upgrade the one that is there.

    Args:
        target: the revision to stop at; the newest by default (tests make older warehouses with it).

    Returns:
        What was done (`created`, `upgraded` or `unchanged`) and the backup's path where one was made.

    Raises:
        VersionError: the warehouse is newer than the program.
        HpowhError: an upgrade failed, and the warehouse is as it was; or the program's revisions are no chain.
    """
    target = target or newest_revision()
    if not path.exists():
        if _tables_at_once(target) is None:
            revisions()
        _create(path, target, wait)
        return "created", None
    if not path.is_file():
        raise NotAWarehouseError(f"{path} is not a file.", "Name a file for the warehouse: --warehouse FILE")
    refuse_foreign(path, wait)
    connection = connect(path, read_only=False, wait=wait)
    with Guard(connection, path) as guard:
        stands = revision_of(connection, path)
        chain = [target] if stands == target else revisions()  # Alembic takes a second to import: only where needed
        if stands not in (bridge.LAST, *chain):
            check_revision(connection, path)
        if stands in chain and chain.index(stands) >= chain.index(target):
            connection.begin()
            recreate_views(connection)
            if not is_current(connection):
                seal_all(connection)
            guard.save()
            connection.commit()
            guard.save()
            connection.execute("checkpoint")  # also what a killed process left in the log
            return "unchanged", None
        guard.save()
        connection.execute("checkpoint")
    backup = back_up(path, stands)
    _upgrade(path, target, wait, is_old=stands == bridge.LAST)
    return "upgraded", backup


def _create(path: Path, target: str, wait: float) -> None:
    """Make a warehouse beside its place and give it its name when it is whole; never over a file that came meanwhile.

    Raises:
        HpowhError: the log of a warehouse that is gone lies there, and DuckDB would replay it into the new one; or the
            new one would be taken for the log of another; or somebody made the file meanwhile.
    """
    refuse_log_alone(path)
    refuse_belongings(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned_files(path, "new")
    fresh = path.with_name(f".{path.name}.new-{os.getpid()}")
    _discard(fresh)
    try:
        _upgrade(fresh, target, wait, is_old=False)
        durable.flush_file(fresh)
        _name(fresh, path)
        durable.flush_folder(path.parent)
    finally:
        _discard(fresh)


def _name(fresh: Path, path: Path) -> None:
    """Give a file a name that nobody has."""
    try:
        os.link(fresh, path)
        fresh.unlink()
    except FileExistsError:
        raise HpowhError(f"{path} was made meanwhile by another process.", "Run again.") from None
    except OSError:
        fresh.rename(path)  # a file system without second names


def back_up(path: Path, revision: str) -> Path:
    """Copy a warehouse that nobody writes to a file beside it, and return that; one with the same content serves.

    The copy gets its name when it is whole, was opened, and is on the disk. A second try after an upgrade that was
    killed finds the backup of the first.

    Raises:
        HpowhError: it cannot be written or opened.
    """
    for known in sorted(path.parent.glob(f"{glob.escape(path.name)}.backup-{revision}-*"), reverse=True):
        if not known.name.endswith(".wal") and holds_the_same(known, path):
            return known
    remove_abandoned_files(path, "backup")
    partial = path.with_name(f".{path.name}.backup-{os.getpid()}")
    backup = durable.free_name(path.with_name(f"{path.name}.backup-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    try:
        shutil.copy2(path, partial)
        connection = connect(partial, read_only=True)
        try:
            revision_of(connection, partial)
        finally:
            connection.close()
        durable.replace(partial, backup)
    except OSError as error:
        raise HpowhError(
            f"The backup {backup} cannot be written: {error.strerror or error}.", "The warehouse is as it was."
        ) from None
    finally:
        _discard(partial)
    return backup


def _discard(path: Path) -> None:
    durable.discard(path, path.with_name(f"{path.name}.wal"))


def _upgrade(path: Path, target: str, wait: float, *, is_old: bool) -> None:
    """Run the revisions up to `target` and re-create all views: both in one transaction.

    Args:
        is_old: it stands at the last revision of before the first release (see `bridge`).
    """
    if not path.exists() and (tables := _tables_at_once(target)) is not None:
        _make(path, tables, wait)
        return
    import duckdb
    from alembic import command
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    native = connect(path, read_only=False, wait=wait)  # says who holds it, if anybody does
    native.close()
    engine = create_engine(f"duckdb:///{path}", poolclass=NullPool)
    guard, is_through = None, False
    try:
        with engine.connect() as connection:
            raw: duckdb.DuckDBPyConnection = connection.connection.driver_connection  # type: ignore[assignment]
            guard = Guard(raw, path)
            transaction = connection.begin()
            connection.exec_driver_sql("create schema if not exists ops")
            if raw.execute("select count(*) from duckdb_schemas() where schema_name = 'space'").fetchall()[0][0]:
                drop_views(raw)
            if is_old:
                bridge.cross(raw, path)
            config = alembic_config(migrations_folder())
            config.attributes["connection"] = connection
            command.upgrade(config, target)
            if target == newest_revision():
                recreate_views(raw)
                seal_all(raw)
            if not raw.execute("select count(*) from ops.warehouse").fetchall()[0][0]:
                _sign(raw)
            guard.save()
            transaction.commit()
        is_through = True
    except duckdb.Error as error:
        raise explain(error, path) from error
    except HpowhError:
        raise
    except Exception as error:
        raise HpowhError(
            f"The upgrade of {path} to revision {target} failed: {error}", "The warehouse is as it was."
        ) from error
    finally:
        engine.dispose()
        if guard is not None:
            guard.settle(is_through=is_through)


def _tables_at_once(target: str) -> str | None:
    """Return the statements that make every table of the newest revision, where that is the target (see `fresh`)."""
    return fresh_tables(migrations_folder()) if target == newest_revision() else None


def _make(path: Path, tables: str, wait: float) -> None:
    """Make tables and views in a new file, in one transaction: what Alembic would, which takes a second to import."""
    import duckdb

    connection = connect(path, read_only=False, wait=wait)
    try:
        connection.begin()
        connection.execute(tables)
        recreate_views(connection, is_new=True)
        seal_shape(connection)  # no table has a row yet that could be sealed
        _sign(connection)
        connection.commit()
    except duckdb.Error as error:
        raise explain(error, path) from error
    finally:
        connection.close()


def _sign(connection: duckdb.DuckDBPyConnection) -> None:
    """Write whose file it is, and when and by which version it was made."""
    values = f"{literal(IDENTITY)}, now(), {literal(program_version())}"
    connection.execute(f"insert into ops.warehouse values ({values})")
