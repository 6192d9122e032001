"""`hpowh publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpowh.warehouse.console import WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import HpowhError, UsageError


def publish(
    target: Annotated[Path | None, typer.Argument(help="The file that becomes the read-only copy.")] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="Also write the core tables to this folder as Parquet, with a manifest.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that every view gives the same rows on that Parquet.")
    ] = False,
    marts: Annotated[
        bool, typer.Option("--marts", help="Write the rows of every view there too, for Spark, Trino and the like.")
    ] = False,
    lake: Annotated[
        str | None,
        typer.Option(
            "--lake",
            metavar="FILE",
            help="Also register that Parquet in a DuckLake, not copied: a SQLite catalogue, or ducklake:postgres:…",
        ),
    ] = None,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
) -> None:
    """Swap in a read-only copy while readers of the old one keep working; or export Parquet with a manifest."""
    from hpowh.warehouse.output.lakes import lake_address, refuse_other_files, register_lake
    from hpowh.warehouse.output.publishing import export_parquet, publish_copy, refuse_all_but_exports, verify_parquet

    if target is None and parquet is None:
        raise UsageError("Nothing to publish to.", "Name a file for the copy, or --parquet FOLDER.")
    if verify and parquet is None:
        raise UsageError("--verify goes with --parquet FOLDER.")
    if marts and parquet is None:
        raise UsageError("--marts goes with --parquet FOLDER.")
    if lake is not None and parquet is None:
        raise UsageError("--lake goes with --parquet FOLDER: it registers that folder's files.")
    if lake is not None:
        refuse_other_files(lake)  # before the rest: a command that is refused publishes nothing
    with open_warehouse(warehouse, wait, writes=True) as store:
        if parquet is not None:
            refuse_all_but_exports(parquet)
        if target is not None:
            publish_copy(store, target)
            note(f"Published {store.path} as {target}.")
        if parquet is not None:
            tables = export_parquet(store, parquet, with_marts=marts)
            rows = sum(table.rows for table in tables)
            note(f"Wrote {len(tables)} tables{' and views' if marts else ''} with {rows:,} rows to {parquet}.")
            if verify:
                compared = verify_parquet(store, parquet)
                unequal = [comparison.view for comparison in compared if not comparison.is_equal]
                if unequal:
                    raise HpowhError(f"These views give other rows on {parquet}: {', '.join(unequal)}.")
                note(f"All {len(compared)} views give the same rows there.")
        if lake is not None and parquet is not None:
            count = register_lake(parquet, lake)
            note(f"Registered {count:,} files in {lake_address(lake)}.")
