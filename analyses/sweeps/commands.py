"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

from typing import Annotated

import typer

from hpowh.analyses.elsewhere.commands import OnOption, placed
from hpowh.analyses.findings.commands import answer, print_json, say
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, progress
from hpowh.warehouse.packets.options import PacketsOption, PartOption, opened_for

MOST_SAID = 3


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(epilog="Example: hpowh analyse sweeps --sweep my-project --metric val_loss")(sweeps)


def sweeps(
    context: typer.Context,
    warehouse: WarehouseOption = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="NAME", help="This sweep; repeat for more (default: see below)."),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAME", help="Only this metric; repeat for more.")
    ] = None,
    best: Annotated[
        float,
        typer.Option("--best", metavar="PERCENT", min=0.1, max=50, help="So many percent of the trials are the best."),
    ] = 10.0,
    beyond: Annotated[
        float,
        typer.Option(
            "--beyond",
            metavar="PERCENT",
            min=0,
            max=100,
            help="Suggestions may leave a range by so many percent of its width (0: never).",
        ),
    ] = 0.0,
    step: Annotated[
        int | None,
        typer.Option("--step", metavar="N", help="Values at this step (default: final ones, or see docs/sweeps.md)."),
    ] = None,
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="Also as commonly published, to the digit: impute, dummies, least squares, a forest of 250 trees.",
        ),
    ] = False,
    on: OnOption = None,
    part: PartOption = None,
    packets: PacketsOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """What mattered in a sweep, how sure that is, and what to try next.

    Without --sweep: every sweep that is not a run of an experiment (those are compared by `hpowh analyse traces`). A
    sweep that has not changed since its last analysis is left as it is.
    """
    from hpowh.analyses.sweeps.job import analyse, count_runs
    from hpowh.analyses.sweeps.options import Options

    options = Options(best / 100, beyond / 100, step, as_published)

    with opened_for(context, warehouse, wait, part, packets, as_json=as_json) as opened, placed(on) as place:
        shown = progress("Sweep")
        named = (lambda _name: None) if shown else (lambda name: note(f"{name} …"))
        outcomes = analyse(opened, sweep or (), metric or (), named, options, place, shown)
        run_count = 0 if sweep else count_runs(opened)
        found = [
            answer(opened, one.sweep, one.analysis_run_id, is_new=one.is_new)
            for one in (outcomes if packets is None else ())
        ]
    if packets is not None:
        return
    if as_json:
        print_json(found)
        return
    if run_count:
        note(f"{run_count:,} sweeps are runs of an experiment; name one to analyse it: --sweep NAME")
    if not outcomes and not run_count:
        note("There is no sweep in the warehouse: ingest one first, such as hpowh ingest optuna FILE.")
    for outcome, one in zip(outcomes, found, strict=True):
        if not outcome.is_new:
            note(f"{outcome.sweep}: unchanged since analysis run {outcome.analysis_run_id}.")
            continue
        note(f"{outcome.sweep}: analysis run {outcome.analysis_run_id}, {sum(outcome.rows.values()):,} rows.")
        say(one, most=MOST_SAID)
