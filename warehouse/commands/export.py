"""`hpowh export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpowh.warehouse.console import MemoryOption, TimeoutOption, WaitOption, WarehouseOption, note, open_warehouse


def export(
    what: Annotated[str, typer.Argument(help="A table or view (mart.landscape), or a SELECT.")],
    out: Annotated[Path, typer.Argument(help="The file to write; its ending says the format: .parquet or .csv.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that hpowh did not make.")] = False,
    timeout: TimeoutOption = 0.0,
    memory: MemoryOption = "2GB",
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
) -> None:
    """Write a table, view or query to Parquet or CSV, whatever its size."""
    from hpowh.warehouse.limits import Limits
    from hpowh.warehouse.output.exporting import export_query

    with open_warehouse(warehouse, wait) as store:
        rows = export_query(store, what, out, force=force, limits=Limits(timeout, memory))
    note(f"Wrote {rows:,} rows to {out}.")
