"""Open a DuckDB file, wait for its lock, and say in words why it cannot be opened."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from hpowh.warehouse.elsewhere.published import is_elsewhere, open_elsewhere
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, UsageError, WarehouseLockedError
from hpowh.warehouse.limits import memory_setting, room
from hpowh.warehouse.output.preimages import copies_of, put_back

BROKEN_OPTIMIZERS = "top_n_window_elimination"
"""DuckDB 1.5 ends some queries that keep the first rows of a window with an internal error, by what this step makes of
them (its issues 20941, 21009 and 21387); without it the same rows come, by a sort."""

READY_ROWS = 2**30
"""So many bytes of rows DuckDB may hold ready. Once its buffer (1 MB by itself) is full, its threads wait to be told to
go on, and of a query with several branches all may wait for each other (its issue 22215): such a query never ends."""

STORAGE = "v1.2.0"
"""The form of new files, which DuckDB 1.2 and later read. The one before keeps a sketch of 3 KB for every empty column:
an empty warehouse is then four times as large, and opening it takes twice as long."""

READ_ONLY = "Write into the warehouse it is of; results of an analysis can be left in packets: --packets DIR."


def connect(
    path: Path,
    *,
    read_only: bool,
    wait: float = 0.0,
    config: dict[str, Any] | None = None,
    notify: Callable[[str], None] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file at `path`, or for reading a published folder or a lake (see `elsewhere`).

    Args:
        wait: seconds to keep trying while another process holds the file.
        notify: called once with a sentence when waiting begins.

    Raises:
        WarehouseLockedError: another process still holds the file after `wait` seconds; names it.
        NotAWarehouseError: the file is not a DuckDB database.
        HpowhError: the file cannot be read or written (permissions, damage, full disk).
    """
    if is_elsewhere(path):
        if not read_only:
            raise UsageError(f"{path} is a published folder, which is only read.", READ_ONLY)
        return _set_up(open_elsewhere(path, settings() | (config or {})))
    _refuse_other_files(path)
    deadline = time.monotonic() + wait
    delay, told = 0.05, False
    form = {} if read_only else {"storage_compatibility_version": STORAGE}  # a file that is there keeps its own
    while True:
        try:
            put_back(path)
            connection = duckdb.connect(str(path), read_only=read_only, config=form | settings() | (config or {}))
            connection.execute(f"set disabled_optimizers = '{BROKEN_OPTIMIZERS}'")
            hold_ready(connection, min(READY_ROWS, (room() or 2 * READY_ROWS) // 2))
            return connection
        except duckdb.Error as error:
            failure = explain(error, path)
        if not isinstance(failure, WarehouseLockedError) or time.monotonic() >= deadline:
            raise failure from None
        if notify and not told:
            notify(f"{failure.message} Waiting up to {wait:g} s.")
            told = True
        time.sleep(min(delay, max(0.0, deadline - time.monotonic())))
        delay = min(delay * 1.5, 1.0)


def hold_ready(connection: duckdb.DuckDBPyConnection, most: int) -> None:
    """Let DuckDB hold up to `most` bytes of a result's rows until they are fetched."""
    connection.execute(f"set streaming_buffer_size = '{most} B'")


def _set_up(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(f"set disabled_optimizers = '{BROKEN_OPTIMIZERS}'")
    return connection


def settings() -> dict[str, Any]:
    """Return DuckDB's settings that the environment and the process's limits ask for.

    Raises:
        UsageError: `HPOWH_THREADS` is no whole number above zero.
    """
    return {**threads_asked_for(), **memory_setting()}


def threads_asked_for() -> dict[str, int]:
    """Return DuckDB's setting of its threads where `HPOWH_THREADS` names one: else it takes all cores of a machine.

    Raises:
        UsageError: it is no whole number above zero.
    """
    asked = os.environ.get("HPOWH_THREADS", "").strip()
    if not asked:
        return {}
    if not asked.isdecimal() or int(asked) < 1:
        raise UsageError(
            f"HPOWH_THREADS is {asked!r}, which is no number of threads.", "Set it to 1 or more, or unset it."
        )
    return {"threads": int(asked)}


def _refuse_other_files(path: Path) -> None:
    """DuckDB would open a CSV or SQLite file as something else, by its name or its content."""
    try:
        if not path.stat().st_size or is_database(path):
            return
    except OSError:
        return  # missing, or not readable: DuckDB's own error says which
    raise NotAWarehouseError(f"{path} is not a DuckDB file.", "Name a warehouse, or make one: hpowh init")


def is_database(path: Path) -> bool:
    """Return whether the file begins as DuckDB's do. Raises OSError where it cannot be read."""
    with path.open("rb") as handle:
        return handle.read(12)[8:] == b"DUCK"


def is_damage(error: duckdb.Error) -> bool:
    """Return whether an error tells that the file is damaged, or cannot be read any more."""
    kinds = (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException)
    return isinstance(error, kinds) or any(word in str(error) for word in ("orrupt", "Checksum", "Could not read"))


def explain(error: duckdb.Error, path: Path) -> HpowhError:
    """Turn DuckDB's error about opening or writing `path` into one that says what to do."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        holder = re.search(r"held in (.+?) \(PID (\d+)\)(?: by user (\S+))?", text)
        who = f" by process {holder[2]} ({holder[1]})" if holder else " by another process"
        return WarehouseLockedError(
            f"The warehouse {path} is in use{who}.",
            "Let it finish, or give --wait SECONDS to wait for it.",
        )
    if "different configuration" in text or "already attached" in text:
        return WarehouseLockedError(
            f"The warehouse {path} is already open in this process.", "Close the other Warehouse object first."
        )
    if "not a valid DuckDB" in text:
        return NotAWarehouseError(f"{path} is not a DuckDB file.", "Name a warehouse, or make one: hpowh init")
    if "No space left" in text or "disk full" in text.lower():
        return HpowhError(f"The disk that holds {path} is full; nothing was stored.", "Free some space and run again.")
    if "Could not write" in text:
        return HpowhError(
            f"{path} cannot be written: {text.splitlines()[0].rpartition(': ')[2]}; nothing was stored.",
            "Make room (disk, quota or file-size limit) and run again.",
        )
    if "Permission denied" in text:
        return HpowhError(f"No permission to open {path}.", "Check the file's owner and mode.")
    if "No such file or directory" in text and not path.absolute().parent.is_dir():
        return HpowhError(f"{path} cannot be written: there is no folder {path.parent}.", "Make it first.")
    if "does not exist" in text and "database" in text.lower():
        return NotAWarehouseError(f"There is no warehouse at {path}.", "Make one: hpowh init")
    if "corrupt" in text.lower() and copies_of(path):
        return HpowhError(
            f"A command was killed while it wrote {path}; what it left unfinished has to be undone.",
            "Nothing is lost: open it once as a user who may write it, such as by hpowh init.",
        )
    if "WAL" in text or "Checksum" in text or "corrupt" in text.lower() or "Could not read" in text:
        return HpowhError(
            f"The warehouse {path} is damaged: {text.splitlines()[0].rstrip('.')}.",
            "Restore a backup (hpowh keeps one beside the file before every upgrade): hpowh restore BACKUP",
        )
    return HpowhError(f"Cannot open {path}: {text.splitlines()[0]}")
