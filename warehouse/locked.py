"""A connection for SQL that others wrote: read-only, without files, network, extensions and settings."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.connection import READY_ROWS, connect, hold_ready
from hpowh.warehouse.elsewhere.published import published_files
from hpowh.warehouse.limits import limited
from hpowh.warehouse.names import literal

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.limits import Limits

MOST_ON_DISK = "20GB"
"""So much a query may put on the disk beyond its memory; DuckDB's own limit is nine tenths of what is free."""


class PrivateFolder:
    """A folder for what does not fit into memory, that only this user can read; it goes with the connection."""

    def __init__(self) -> None:
        try:
            self.path: Path | None = Path(tempfile.mkdtemp(prefix="hpowh-sql-"))
        except OSError:
            self.path = None  # no place for temporary files: what does not fit is then an error
            return
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        if self.path is not None:
            self._finalizer()


def locked_connection(
    path: Path,
    limits: Limits,
    folder: Path | None,
    *,
    may_read_files: bool = False,
    writes: Sequence[Path] = (),
    wait: float = 0.0,
    notify: Callable[[str], None] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open the warehouse at `path` for queries that passed the gate (`gate.admitted`).

    DuckDB leaves the files of the open database reachable, for writing too, so this alone is no boundary.

    Args:
        folder: where DuckDB may put what does not fit into memory; None for nowhere.
        may_read_files: other files can be reached.
        writes: files that COPY may write to all the same.

    Raises:
        What `connect` raises; UsageError where the memory of the limits is no size.
    """
    config = {
        "memory_limit": limited(limits.bytes),
        "max_temp_directory_size": MOST_ON_DISK,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = connect(path, read_only=True, wait=wait, config=config, notify=notify)
    try:
        hold_ready(connection, min(READY_ROWS, limits.bytes // 4))
        connection.execute(f"set temp_directory = {literal(str(folder or ''))}")
        connection.execute("set python_enable_replacements = false")
        reached = [str(one) for one in writes] + published_files(path, connection)
        if reached:
            listed = ", ".join(literal(one) for one in reached)
            connection.execute(f"set allowed_paths = [{listed}]")
        if not may_read_files:
            connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    except Exception:
        connection.close()
        raise
    return connection
