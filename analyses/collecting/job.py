"""Bring a shared folder's packets into the warehouse, and make what rests on all of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.packets.bringing import Brought, Ended, bring_home, ended_parts, packets_of
from hpowh.warehouse.packets.origin import is_of
from hpowh.warehouse.planning import WouldComputeError, planning

if TYPE_CHECKING:
    from hpowh.warehouse import AnalysisRun, Warehouse
    from hpowh.warehouse.packets.packet import Request

ELSEWHERE = ("--warehouse", "-w", "--packets", "--part")
"""Options that would lead a command away from the warehouse at home."""
FIRST = ("lmem",)
"""Commands whose results others ask for: rankings compare with the model that was fitted."""
Commands = Callable[[str], Any]
"""Gives the command of `hpowh analyse` of a name. Raises KeyError."""


@dataclass
class Collected:
    """What a collection did, and what it could not."""

    brought: Brought
    finished: list[str] = field(default_factory=list)
    """`job: subject` of the analyses that rest on all parts' results and were made now."""
    missing: list[Ended] = field(default_factory=list)
    """What was asked of parts that have not all ended."""
    left: dict[str, list[str]] = field(default_factory=dict)
    """Command -> the analyses that no packet has brought as they would be made now."""
    refused: list[str] = field(default_factory=list)
    """Subjects that the data did not allow to analyse, as the parts found."""


def collect_packets(folder: Path, warehouse: Warehouse, commands: Commands) -> Collected:
    """Store the packets of a folder that the warehouse lacks; where all parts have ended, make what rests on them all.

    Done twice, the second time does nothing.

    Raises:
        WarehouseLockedError: another process has the warehouse open.
    """
    collected = Collected(
        bring_home(
            warehouse,
            packets_of(folder),
            lambda request: planned(warehouse, request, commands),
            turn=lambda request: request.command not in FIRST,
        )
    )
    for ended in ended_parts(folder):
        if ended.missing:
            collected.missing.append(ended)
        elif is_of(warehouse, ended.origin):
            _finish(warehouse, ended, commands, collected)
    return collected


def _finish(warehouse: Warehouse, ended: Ended, commands: Commands, collected: Collected) -> None:
    """Run the commands at home where nothing is left for them but what rests on stored results."""
    collected.refused += sorted(ended.refused)
    for request in ended.requests:
        open_runs = [run for run in planned(warehouse, request, commands) if run.subject not in ended.refused]
        others = [run for run in open_runs if not run.rests_on_results]
        if others:
            collected.left[str(request)] = _named(others)
        elif open_runs:
            _answer(warehouse, request, commands)
            collected.finished += _named(open_runs)


def _named(runs: Sequence[AnalysisRun]) -> list[str]:
    return [f"{run.job}: {run.subject}" for run in runs]


def planned(warehouse: Warehouse, request: Request, commands: Commands) -> list[AnalysisRun]:
    """Return the analyses that a command would make in the warehouse as it is; none where it is refused."""
    with planning() as found:
        try:
            _answer(warehouse, request, commands)
        except (WouldComputeError, HpowhError):
            pass  # what it would make first is among them
        except Exception:  # it stumbles over the results that it would have made
            if not found:
                raise
    return found


def _answer(warehouse: Warehouse, request: Request, commands: Commands) -> None:
    """Run a command on the warehouse, in silence."""
    warehouse.close()
    try:
        command = commands(request.command)
    except KeyError:
        raise UsageError(f"A packet is of `{request}`, which is no command of this hpowh.") from None
    if any(argument.partition("=")[0] in ELSEWHERE for argument in request.arguments):
        raise UsageError(f"A packet is of `{request}`, which no part asks.", "Somebody wrote it by hand; remove it.")
    where = ["--warehouse", str(warehouse.path), "--wait", f"{warehouse.wait:g}", "--json"]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            command.main([*where, *request.arguments], standalone_mode=False)
    finally:
        warehouse.close()
