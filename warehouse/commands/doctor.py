"""`hpowh doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from hpowh.warehouse.console import JsonOption, WarehouseOption, print_table
from hpowh.warehouse.errors import EXIT_FAILED


def doctor(warehouse: WarehouseOption = None, as_json: JsonOption = False) -> None:
    """Say which versions and optional parts are there, how much disk is free, and whether the warehouse is well."""
    from hpowh.warehouse.checks.doctor import examine
    from hpowh.warehouse.store import default_path

    found = examine(warehouse or default_path())
    if as_json:
        print(json.dumps([asdict(finding) for finding in found]))
    else:
        print_table(["what", "state", "detail"], [(f.what, f.state, f.detail) for f in found])
    if any(finding.state == "problem" for finding in found):
        raise typer.Exit(EXIT_FAILED)
