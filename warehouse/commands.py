"""The warehouse's own commands. Heavy imports are inside, so that `hpowh --help` stays quick."""

from __future__ import annotations

import json

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note


def register(app: typer.Typer) -> None:
    """Add the commands of this floor."""
    app.command(epilog="Example: hpowh init --warehouse results.duckdb")(init)


def init(warehouse: WarehouseOption = None, wait: WaitOption = 0.0, as_json: JsonOption = False) -> None:
    """Create a warehouse, or upgrade an older one in place (a backup is kept)."""
    from hpowh.warehouse.migrate import initialise, known_revisions
    from hpowh.warehouse.store import default_path

    path = warehouse or default_path()
    done, backup = initialise(path, wait=wait)
    if as_json:
        print(
            json.dumps(
                {
                    "warehouse": str(path),
                    "done": done,
                    "revision": known_revisions()[-1],
                    "backup": str(backup) if backup else None,
                }
            )
        )
        return
    note(
        {
            "created": f"Created the warehouse {path}.",
            "upgraded": f"Upgraded {path} to revision {known_revisions()[-1]}; the old one is kept as {backup}.",
            "unchanged": f"{path} is up to date (revision {known_revisions()[-1]}).",
        }[done]
    )
