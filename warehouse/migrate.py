"""Create a warehouse and bring an older one up to date, in one transaction, with a backup kept."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version as package_version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.connection import connect, explain
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, VersionError
from hpowh.warehouse.views import drop_views, recreate_views

if TYPE_CHECKING:
    import duckdb

IDENTITY = "hpowh"
_DOWN = re.compile(r'^down_revision(?:: [^=]+)? = "(\d+)"$', re.MULTILINE)


def program_version() -> str:
    """Return the installed version of hpowh."""
    return package_version("hpowh")


@lru_cache(maxsize=1)
def known_revisions() -> list[str]:
    """Return the revisions of this program in their order, each after the one that it names as the one before.

    Numbers say nothing about the order: two people may have taken theirs at the same time.
    """
    followers: dict[str | None, str] = {}
    for entry in files("hpowh.migrations").joinpath("versions").iterdir():
        if entry.name[:4].isdigit():
            before = _DOWN.search(entry.read_text(encoding="utf-8"))
            followers[before[1] if before else None] = entry.name.split("_")[0]
    chain: list[str] = []
    while (chain[-1] if chain else None) in followers:
        chain.append(followers[chain[-1] if chain else None])
    return chain


def revision_of(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return the revision at which a warehouse stands.

    Raises:
        NotAWarehouseError: the file is a DuckDB database of another kind.
    """
    found = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'ops' and table_name in ('warehouse', 'revision')"
    ).fetchall()
    if found[0][0] != 2:
        raise NotAWarehouseError(
            f"{path} is a DuckDB file but not a hpowh warehouse.", "Name another file, or make one: hpowh init"
        )
    rows = connection.execute("select version_num from ops.revision").fetchall()
    return str(rows[0][0]) if rows else ""


def check_revision(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a warehouse that is newer or older than this program.

    Raises:
        VersionError: says which of the two it is and what to do.
    """
    stands, known = revision_of(connection, path), known_revisions()
    if stands == known[-1]:
        return
    if stands not in known:
        raise VersionError(
            f"The warehouse {path} was made by a newer hpowh (revision {stands}; this one, {program_version()}, "
            f"knows up to {known[-1]}).",
            "Upgrade the program: pip install --upgrade hpowh",
        )
    raise VersionError(
        f"The warehouse {path} stands at revision {stands}; this program needs {known[-1]}.",
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
        HpowhError: an upgrade failed; the warehouse is as it was.
    """
    target = target or known_revisions()[-1]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        _discard(fresh)
        try:
            _upgrade(fresh, target, wait)
            fresh.rename(path)
        finally:
            _discard(fresh)
        return "created", None
    if not path.is_file():
        raise NotAWarehouseError(f"{path} is not a file.", "Name a file for the warehouse: --warehouse FILE")
    connection = connect(path, read_only=False, wait=wait)
    try:
        stands = revision_of(connection, path)
        if stands not in known_revisions():
            check_revision(connection, path)
        if known_revisions().index(stands) >= known_revisions().index(target):
            connection.begin()
            recreate_views(connection)
            connection.commit()
            return "unchanged", None
        connection.execute("checkpoint")
    finally:
        connection.close()
    backup = path.with_name(f"{path.name}.backup-{stands}-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    shutil.copy2(path, backup)
    _upgrade(path, target, wait)
    return "upgraded", backup


def _discard(path: Path) -> None:
    for leftover in (path, path.with_name(f"{path.name}.wal")):
        leftover.unlink(missing_ok=True)


def _upgrade(path: Path, target: str, wait: float) -> None:
    """Run the revisions up to `target` and re-create all views: both in one transaction."""
    import duckdb
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    native = connect(path, read_only=False, wait=wait)  # says who holds it, if anybody does
    native.close()
    engine = create_engine(f"duckdb:///{path}", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            raw: duckdb.DuckDBPyConnection = connection.connection.driver_connection  # type: ignore[assignment]
            transaction = connection.begin()
            connection.exec_driver_sql("create schema if not exists ops")
            if raw.execute("select count(*) from duckdb_schemas() where schema_name = 'space'").fetchall()[0][0]:
                drop_views(raw)
            config = Config()
            config.set_main_option("script_location", str(files("hpowh.migrations")))
            config.attributes["connection"] = connection
            command.upgrade(config, target)
            if target == known_revisions()[-1]:
                recreate_views(raw)
            if not raw.execute("select count(*) from ops.warehouse").fetchall()[0][0]:
                raw.execute("insert into ops.warehouse values (?, now(), ?)", [IDENTITY, program_version()])
            transaction.commit()
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
