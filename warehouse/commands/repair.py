"""`hpowh repair` and `hpowh restore`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import EXIT_FAILED


def repair(
    source: Annotated[
        list[str] | None, typer.Argument(help="Sources to load again (default: those that a check found damaged).")
    ] = None,
    quarantine: Annotated[
        bool,
        typer.Option("--quarantine", help="Take a source that cannot be loaded out; what is left is kept as Parquet."),
    ] = False,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Load damaged sources again from where they came, and remove damaged results so that they are made anew."""
    from hpowh.warehouse.checks.repairing import repair as mend

    with open_warehouse(warehouse, wait, writes=True) as store:
        done = mend(store, source, quarantine=quarantine)
    if as_json:
        print(json.dumps(asdict(done)))
    else:
        for name in done.reloaded:
            note(f"Loaded {name} again.")
        for name, folder in done.quarantined.items():
            note(f"Took {name} out; what was left of it is in {folder}.")
        if done.removed_runs:
            listed = ", ".join(map(str, done.removed_runs))
            note(f"Removed the damaged results of analysis run {listed}; run their analyses again: hpowh analyse")
        for name, why in done.failed.items():
            note(f"{name} could not be mended: {why}")
        if not (done.reloaded or done.quarantined or done.removed_runs or done.failed):
            note("Nothing to repair: everything that was acknowledged is there.")
    if done.failed:
        raise typer.Exit(EXIT_FAILED)


def restore(
    backup: Annotated[Path, typer.Argument(help="The backup, such as hpowh.duckdb.backup-0001-20250101T000000.")],
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
) -> None:
    """Put a backup in the place of the warehouse; the one that was there is kept beside it."""
    from hpowh.warehouse.checks.repairing import restore as put_back
    from hpowh.warehouse.store import default_path

    path = warehouse or default_path()
    kept = put_back(backup, path, wait=wait)
    note(f"Restored {path} from {backup}." + (f" The one that was there is kept as {kept}." if kept else ""))
    note("An older one is brought up to date by hpowh init; hpowh check tells whether all is there.")
