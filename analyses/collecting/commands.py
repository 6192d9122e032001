"""`hpowh collect`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.output import durable
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.analyses.collecting.job import Collected

MOST_NAMES = 5
"""So many of what is missing are written out."""


def register(app: typer.Typer) -> None:
    """Add the command to the root of the command line."""
    app.command(epilog="Example: hpowh collect /scratch/study --warehouse study.duckdb")(collect)


def collect(
    shared: Annotated[Path, typer.Argument(metavar="SHARED", help="The folder that parts wrote their results into.")],
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove packets whose results are in the warehouse afterwards.")
    ] = False,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Bring home what parts found: evaluations of hpowh evaluate, and packets of hpowh analyse.

    Any number of times, also while parts still work: each result is stored once. Where all parts of an analysis have
    ended, what rests on all of their results is made here.
    """
    from hpowh.analyses.collecting.job import collect_packets
    from hpowh.analyses.evaluate.parts.job import collect_journals, is_run_folder
    from hpowh.warehouse.packets.bringing import holds_packets

    evaluated = None
    with open_warehouse(warehouse, wait, writes=True) as home:
        if is_run_folder(shared):
            evaluated = collect_journals(shared, home)
        elif not holds_packets(shared):
            raise HpowhError(f"{shared} holds no evaluations and no packets.", "Name the folder that parts wrote into.")
        collected = collect_packets(shared, home, _command)
    if remove:
        _remove(collected.brought.home, shared)
    if as_json:
        print(json.dumps({**(evaluated.facts() if evaluated else {}), "packets": _facts(collected)}))
    else:
        for line in evaluated.lines() if evaluated else ():
            note(f"{shared}: {line}")
        if evaluated is None or holds_packets(shared):
            _say(collected, shared)
    if collected.brought.damaged:
        raise HpowhError(f"{plural(len(collected.brought.damaged), 'packet')} could not be read.", "See above.")


def _remove(packets: Sequence[Path], shared: Path) -> None:
    """Remove packets that are home; what may not be removed is said, for the results are kept all the same."""
    durable.discard(*packets)
    if left := [path for path in packets if path.exists()]:
        note(
            f"{plural(len(left), 'packet')} could not be removed, such as {left[0].name}: {shared} may not be written."
        )


def _command(name: str) -> Any:
    """Return a command of `hpowh analyse`. Raises KeyError."""
    from hpowh.analyses.cli import FAMILIES

    group = typer.Typer()
    for family in FAMILIES:
        family.register(group)
    return typer.main.get_group(group).commands[name]


def _facts(collected: Collected) -> dict[str, Any]:
    brought = collected.brought
    return {
        "stored": brought.stored,
        "known": brought.known,
        "stale": [packet.run.subject for packet in brought.stale],
        "outdated": [packet.run.subject for packet in brought.outdated],
        "foreign": [packet.run.subject for packet in brought.foreign],
        "damaged": brought.damaged,
        "finished": collected.finished,
        "missing": [
            {"requests": [str(request) for request in ended.requests], "parts": ended.missing, "of": ended.count}
            for ended in collected.missing
        ],
        "left": collected.left,
        "refused": collected.refused,
    }


def _say(collected: Collected, shared: Path) -> None:
    brought = collected.brought
    note(f"{shared}: {plural(brought.stored, 'packet')} stored, {brought.known:,} in the warehouse before.")
    for sentence in brought.damaged:
        note(f"  {sentence}")
    if brought.stale:
        subjects = _listed([packet.run.subject for packet in brought.stale])
        note(f"  {plural(len(brought.stale), 'packet')} not stored: the warehouse has other data by now: {subjects}.")
    if brought.outdated:
        subjects = _listed([f"{packet.run.job}: {packet.run.subject}" for packet in brought.outdated])
        note(
            f"  {plural(len(brought.outdated), 'packet')} not stored: the same command asks something else here, of "
            f"another model that was fitted or with other defaults: {subjects}. Publish the copy again after models "
            "have come home, and let the parts read that."
        )
    if brought.foreign:
        subjects = _listed([packet.run.subject for packet in brought.foreign])
        note(f"  {plural(len(brought.foreign), 'packet')} not stored, of another warehouse's data: {subjects}.")
    for subject in collected.refused:
        note(f"  {subject}: not analysed; its part says why.")
    for name in collected.finished:
        note(f"  {name}: made here, of all parts' results.")
    for ended in collected.missing:
        numbers = _listed([str(number) for number in ended.missing])
        asked = "; ".join(str(request) for request in ended.requests[:MOST_NAMES])
        which = "part" if len(ended.missing) == 1 else "parts"
        note(f"  {which} {numbers} of {ended.count} not ended: {asked}. Run again what was killed, then collect again.")
    for request, names in collected.left.items():
        note(f"  {plural(len(names), 'analysis is', 'analyses are')} in no packet: {_listed(names)}. Make: {request}")


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
