"""The command `hpowh analyse map`: it draws, so this floor brings it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpowh.analyses.landscapes.commands import FidelityOption, MetricOption, SeedOption, SplitOption
from hpowh.warehouse.console import WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.grouping import group_of


def register(app: typer.Typer) -> None:
    """Add the command to the group `analyse`."""
    add = group_of(app, "analyse").command
    add("map", epilog="Example: hpowh analyse map --benchmark hpobench/car --out car.svg")(draw)


def draw(
    benchmark: Annotated[str, typer.Option("--benchmark", "-b", metavar="NAME", help="The landscape's benchmark.")],
    to: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The SVG file to write.")] = Path("map.svg"),
    warehouse: WarehouseOption = None,
    metric: MetricOption = None,
    split: SplitOption = None,
    fidelity: FidelityOption = None,
    seed: SeedOption = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run", metavar="NAME", help="Draw the incumbent of this algorithm's median run; may be repeated."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that hpowh did not make.")] = False,
    wait: WaitOption = 0.0,
) -> None:
    """Draw an analysed landscape as a dimensional stacking map (SVG): every configuration one cell."""
    from hpowh.analyses.landscapes.job import Selection
    from hpowh.reports.pictures.analysed import analysed_map
    from hpowh.warehouse.output.targets import written_file

    selection = Selection(benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed)
    with open_warehouse(warehouse, wait) as opened:
        picture = analysed_map(opened, selection, runs=run or None)
    with written_file(to, option="--out", force=force) as place:
        place.write_text(picture, encoding="utf-8")
    note(f"Wrote {to}.")
