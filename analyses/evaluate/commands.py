"""`hpowh evaluate`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import HpowhError

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.job import Evaluated
    from hpowh.analyses.evaluate.runner import Progress

LINES_APART = 10.0
"""Seconds between two lines of progress where nobody watches a terminal."""


def register_root(app: typer.Typer) -> None:
    """Add the command to the root of the command line."""
    app.command(epilog="Example: hpowh evaluate grid.toml --to results --jobs 2")(evaluate)


def evaluate(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", help="What to evaluate: data, models, spaces, metrics.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Folder of the results (default: NAME-evaluated here).")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Worker processes (0: one a core).")] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Start even where the number of trainings is enormous.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the spec and show the counts; start nothing.")
    ] = False,
    ingest: Annotated[bool, typer.Option("--ingest/--no-ingest", help="Load the results into the warehouse.")] = True,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Evaluate grids: train and test loss of every configuration, on every fold, at every fidelity.

    Interrupted at any time, by Ctrl-C or worse, the same command goes on where it was.
    """
    from hpowh.analyses.evaluate.job import evaluate as run
    from hpowh.analyses.evaluate.job import load_into, prepare, refuse_many

    prepared = prepare(spec)
    for line in [*prepared.notes, *prepared.plan.describe()]:
        note(line)
    if not yes:
        refuse_many(prepared)
    if dry_run:
        return
    if ingest:
        open_warehouse(warehouse, wait).close()  # says now, and not after an hour, that there is none
    folder = to or Path(f"{prepared.plan.name}-evaluated")
    shown = ProgressLine()
    try:
        found = run(prepared, folder, jobs=jobs, progress=shown)
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
        now = time.monotonic()
        if now - self._said < (0.2 if self._is_terminal else LINES_APART):
            return
        self._said = now
        from hpowh.analyses.evaluate.progress import progress_text

        text = progress_text(state)
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
