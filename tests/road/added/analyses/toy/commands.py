"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

import typer

from hpowh.warehouse.console import WarehouseOption, note, open_warehouse


def register(group: typer.Typer) -> None:
    """Add this family's command to the group `analyse`."""
    group.command(epilog="Example: hpowh analyse toy")(toy)


def toy(warehouse: WarehouseOption = None) -> None:
    """The mean number of classes over benchmarks."""
    from hpowh.analyses.toy.job import analyse

    with open_warehouse(warehouse) as opened:
        note(f"Analysis run {analyse(opened)}.")
