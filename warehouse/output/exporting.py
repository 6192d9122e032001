"""Write rows out of the warehouse, streaming, and never half a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from hpowh.warehouse.connection import explain
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.gate import one_query
from hpowh.warehouse.limits import HINT, Limits, Watch
from hpowh.warehouse.locked import PrivateFolder, locked_connection
from hpowh.warehouse.migrate import check_revision
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.output.targets import written_file

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

OPTIONS = {".parquet": "format parquet, compression zstd", ".csv": "format csv, header true"}


def export_query(store: Warehouse, what: str, out: Path, *, force: bool = False, limits: Limits | None = None) -> int:
    """Write a table, view or SELECT to `out` and return the number of rows.

    The file appears only when it is whole. A SELECT must pass the gate (`gate.one_query`) and reaches nothing outside
    the warehouse; the reading connection of `store` is closed.

    Args:
        force: overwrite a file that hpowh did not make.
        limits: what it may take; by default no end and 2 GB.

    Raises:
        UsageError: the ending is neither .parquet nor .csv, there is no such table, or `out` must not be overwritten.
        NotAdmittedError: it is no query.
        LimitError: it took too long or too much memory.
        HpowhError: the query is wrong, or the file cannot be written.
    """
    options = OPTIONS.get(out.suffix.lower())
    if options is None:
        raise UsageError(f"{out}: cannot tell the format from the name.", "End it with .parquet or .csv")
    limits = limits or Limits(timeout=0.0)
    query = _query(store, what.strip())
    store.close()
    folder = PrivateFolder()
    try:
        with written_file(out, option="export to", force=force) as place:
            connection = locked_connection(store.path, limits, folder.path, writes=[place], wait=store.wait)
            watch = Watch(connection, limits)
            try:
                check_revision(connection, store.path)
                command = f"copy (\n{query}\n) to {literal(str(place))} ({options}, use_tmp_file false)"
                watch.begin()
                with watch.running():
                    return int(connection.execute(command).fetchall()[0][0])
            finally:
                watch.stop()
                connection.close()
    except duckdb.IOException as error:
        raise explain(error, out) from None
    except duckdb.OutOfMemoryException as error:
        raise HpowhError(f"The export needs more memory: {str(error).splitlines()[0]}", HINT) from None
    except duckdb.Error as error:
        if "Query interrupted" in str(error):
            raise
        raise HpowhError(str(error).strip()) from None
    finally:
        folder.remove()


def _query(store: Warehouse, what: str) -> str:
    """Return the SELECT of what is exported."""
    if re.fullmatch(r"\w+\.\w+", what):
        schema, name = what.split(".")
        store.columns(what)
        return f"select * from {identifier(schema)}.{identifier(name)}"
    try:
        return one_query(what)
    except duckdb.Error as error:
        raise HpowhError(str(error).strip()) from None
