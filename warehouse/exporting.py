"""Write rows out of the warehouse, streaming, and never half a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from hpowh.warehouse.connection import explain
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.names import identifier, literal

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

OPTIONS = {".parquet": "format parquet, compression zstd", ".csv": "format csv, header true"}


def export_query(store: Warehouse, what: str, out: Path) -> int:
    """Write a table, view or SELECT to `out` and return the number of rows.

    The file appears only when it is whole.

    Raises:
        UsageError: the ending is neither .parquet nor .csv, or there is no such table.
        HpowhError: the query is wrong, or the file cannot be written.
    """
    options = OPTIONS.get(out.suffix.lower())
    if options is None:
        raise UsageError(f"{out}: cannot tell the format from the name.", "End it with .parquet or .csv")
    if re.fullmatch(r"\w+\.\w+", what.strip()):
        schema, name = what.strip().split(".")
        store.columns(what.strip())
        query = f"select * from {identifier(schema)}.{identifier(name)}"
    else:
        query = what.strip().rstrip(";")
    partial = out.with_name(f".{out.name}.partial")
    try:
        rows = store.connection.execute(f"copy ({query}) to {literal(str(partial))} ({options})").fetchall()[0][0]
        partial.replace(out)
    except duckdb.IOException as error:
        raise explain(error, out) from None
    except duckdb.Error as error:
        raise HpowhError(str(error).strip()) from None
    finally:
        partial.unlink(missing_ok=True)
    return int(rows)
