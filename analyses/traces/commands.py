"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

from typing import Annotated

import typer

from hpowh.analyses.findings.commands import answer, print_json, say
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse, working


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(epilog="Example: hpowh analyse traces --experiment demo")(traces)


def traces(
    warehouse: WarehouseOption = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="Only this experiment (default: all).")
    ] = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Incumbent traces on a common budget axis, regret, ranks within block, coverage.

    An experiment whose input has not changed since its last analysis is left as it is.
    """
    from hpowh.analyses.traces.job import analyse

    with (
        open_warehouse(warehouse, wait, writes=True) as opened,
        working(f"Traces{f' of {experiment}' if experiment else ''}"),
    ):
        outcomes = analyse(opened, experiment)
        found = [answer(opened, one.experiment, one.analysis_run_id, is_new=one.is_new) for one in outcomes]
    if as_json:
        print_json(found)
        return
    if not outcomes:
        note("There is no experiment in the warehouse: ingest runs first.")
    for outcome, one in zip(outcomes, found, strict=True):
        if not outcome.is_new:
            note(f"{outcome.experiment}: unchanged since analysis run {outcome.analysis_run_id}.")
            continue
        rows = ", ".join(f"{table} {count:,}" for table, count in outcome.rows.items())
        note(f"{outcome.experiment}: analysis run {outcome.analysis_run_id}; rows: {rows}.")
        say(one)
