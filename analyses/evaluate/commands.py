"""`hpowh evaluate`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.analyses.elsewhere.commands import OnOption, placed
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.job import Evaluated, Prepared
    from hpowh.analyses.evaluate.parts.working import PartState
    from hpowh.analyses.evaluate.session import Progress

LINES_APART = 10.0
"""Seconds between two lines of progress where nobody watches a terminal."""


def register_root(app: typer.Typer) -> None:
    """Add the command to the root of the command line."""
    app.command(epilog="Example: hpowh evaluate grid.toml --out results --jobs 2")(evaluate)


def evaluate(
    spec: Annotated[
        Path | None, typer.Argument(metavar="SPEC.toml", help="What to evaluate: data, models, spaces, metrics.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the results (default: NAME-evaluated here)."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Worker processes (0: one a core).")] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Start even where the number of trainings is enormous.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the spec and show the counts; start nothing.")
    ] = False,
    part: Annotated[
        str | None,
        typer.Option(
            "--part", metavar="I/N", help="Do one part of N, with others in the same folder; auto: array job."
        ),
    ] = None,
    time_limit: Annotated[
        str | None,
        typer.Option("--time-limit", metavar="H:MM:SS", help="With --part: end in order after so long (or seconds)."),
    ] = None,
    on: OnOption = None,
    status: Annotated[
        Path | None, typer.Option("--status", metavar="DIR", help="Say how far the parts of a folder are, and end.")
    ] = None,
    ingest: Annotated[bool, typer.Option("--ingest/--no-ingest", help="Load the results into the warehouse.")] = True,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Evaluate grids: train and test loss of every configuration, on every fold, at every fidelity.

    Interrupted at any time, by Ctrl-C or worse, the same command goes on where it was. With --part, any number of
    machines share the work; hpowh collect brings home what they found.
    """
    from hpowh.analyses.evaluate.job import evaluate as run
    from hpowh.analyses.evaluate.job import load_into, prepare, refuse_many

    began = time.monotonic()
    if status is not None:
        _show_status(status, as_json)
        return
    prepared = prepare(_together(spec, part, time_limit, on))
    for line in [*prepared.notes, *prepared.plan.describe()]:
        note(line)
    if not yes:
        refuse_many(prepared)
    if dry_run:
        return
    folder = to or Path(f"{prepared.plan.name}-evaluated")
    if part is not None:
        _work_part(prepared, folder, part, jobs, time_limit, began, as_json=as_json)
        return
    if ingest:
        open_warehouse(warehouse, wait).close()  # says now, and not after an hour, that there is none
    shown = ProgressLine()
    try:
        with placed(on) as place:
            found = run(prepared, folder, jobs=jobs, progress=shown, on=place)
    except KeyboardInterrupt:
        shown.end()
        note(f"Interrupted; what was finished is in {folder}. The same command goes on from there.")
        raise typer.Exit(130) from None
    shown.end()
    _say(found, as_json)
    if not found.ok_count:
        raise HpowhError("Every evaluation failed.", f"Mostly: {found.commonest_reason}")
    if ingest:
        with open_warehouse(warehouse, wait, writes=True) as store:
            outcome = load_into(store, folder, prepared.plan.name)
        note(f"Loaded into {store.path}: {outcome.row_count:,} values.")
        for text in outcome.notes:
            note(f"  {text}")


def _together(spec: Path | None, part: str | None, time_limit: str | None, on: str | None) -> Path:
    """Return the spec. Raises UsageError where options do not go together."""
    if spec is None:
        raise UsageError("Name a spec.", "hpowh evaluate SPEC.toml, or hpowh evaluate --status DIR")
    if time_limit is not None and part is None:
        raise UsageError("--time-limit is for parts.", "One part of one: --part 1/1, then hpowh collect DIR")
    if part is not None and on is not None:
        raise UsageError("--part shares the work out itself; --on leaves that to an executor.", "Give one of the two.")
    return spec


def _work_part(
    prepared: Prepared, folder: Path, text: str, jobs: int, limit: str | None, began: float, *, as_json: bool
) -> None:
    """Do one part and say what came of it; 143 after SIGTERM, as a shell has it."""
    from hpowh.analyses.evaluate.parts.durations import seconds_of
    from hpowh.analyses.evaluate.parts.job import evaluate_part
    from hpowh.analyses.evaluate.parts.working import WHY_DONE, WHY_SIGNAL
    from hpowh.warehouse.packets.parts import part_of

    part = part_of(text)
    try:
        seconds = None if limit is None else seconds_of(limit, "--time-limit")
    except SpecError as error:
        raise UsageError(error.message, error.hint) from None
    shown = ProgressLine()
    try:
        state = evaluate_part(
            prepared, folder, part, jobs=jobs, time_limit=seconds, began=began, progress=shown.of_part, notify=note
        )
    except KeyboardInterrupt:
        shown.end()
        note(f"Interrupted; what was finished is in {folder}. The same command goes on from there.")
        raise typer.Exit(130) from None
    shown.end()
    if as_json:
        facts = {"folder": str(folder), "part": str(part), "units": state.done, "session": dict(state.statuses)}
        print(json.dumps({**facts, "measured": state.measured, "helped": state.helped, "why": state.why}))
    else:
        why = "" if state.why == WHY_DONE else " Its time was up; the same command goes on from there."
        first = f" after {state.measured:,} for the forecast" if state.measured else ""
        others = f"{plural(state.helped, 'chunk')} of them for other parts"
        note(f"Part {part}: {plural(state.done, 'unit')} done{first}, {others}.{why}")
        note(f"How far all parts are: hpowh evaluate --status {folder}. Bring it home: hpowh collect {folder}")
    if state.why == WHY_SIGNAL:
        raise typer.Exit(143)


def _show_status(folder: Path, as_json: bool) -> None:
    from hpowh.analyses.evaluate.parts.job import status

    found = status(folder)
    if not as_json:
        print("\n".join(found.lines(folder)))
        return
    facts = {
        "units": found.units, "done": found.done, "collected": found.collected, "failed": dict(found.failed),
        "working": len(found.working), "silent": len(found.silent), "ended": len(found.ended),
        "stopped": len(found.stopped),
        "processes": found.processes, "seconds_left": found.seconds,
    }  # fmt: skip
    print(json.dumps(facts))


def _say(found: Evaluated, as_json: bool) -> None:
    if as_json:
        facts = {
            "folder": str(found.folder), "units": found.unit_count, "resumed": found.resumed_count,
            "ok": found.ok_count, "session": found.statuses,
        }  # fmt: skip
        print(json.dumps(facts))
        return
    share = f", {found.resumed_count:,} of {found.unit_count:,} configurations' folds from before"
    resumed = share if found.resumed_count else ""
    note(f"{found.training_count:,} trainings done{resumed}; results in {found.folder}.")
    stopped = found.unit_count - found.ok_count
    if stopped:
        what = f"{stopped:,} of {found.unit_count:,} configurations' folds could not be finished and are recorded so."
        note(f"{what} Mostly: {found.commonest_reason}")


class ProgressLine:
    """Says how far a run is: a line that is rewritten on a terminal, a line now and then on a pipe."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._said = time.monotonic()
        self._is_open = False

    def __call__(self, state: Progress) -> None:
        """Show how far a run is."""
        from hpowh.analyses.evaluate.progress import progress_text

        if self._is_time():
            self._show(progress_text(state))

    def of_part(self, state: PartState) -> None:
        """Show how far a part is."""
        from hpowh.analyses.evaluate.progress import part_text

        if self._is_time():
            self._show(part_text(state))

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._said < (0.2 if self._is_terminal else LINES_APART):
            return False
        self._said = now
        return True

    def _show(self, text: str) -> None:
        if self._is_terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._is_open = True
        else:
            note(text)

    def end(self) -> None:
        """Leave the line."""
        if self._is_open:
            note("")
            self._is_open = False
