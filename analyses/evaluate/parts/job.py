"""Evaluate in parts: work at one, see how far all are, bring their journals home, have a scheduler start them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.job import explained, load_into, opened
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.job import Prepared
    from hpowh.analyses.evaluate.parts.batch import ArrayJob
    from hpowh.analyses.evaluate.parts.collecting import Collected
    from hpowh.analyses.evaluate.parts.status import Status
    from hpowh.analyses.evaluate.parts.working import PartState
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Outcome
    from hpowh.warehouse.packets.parts import Part


def evaluate_part(
    prepared: Prepared,
    folder: Path,
    part: Part,
    *,
    jobs: int = 0,
    time_limit: float | None = None,
    began: float | None = None,
    progress: Callable[[PartState], None] = lambda _: None,
    notify: Callable[[str], None] = lambda _: None,
) -> PartState:
    """Evaluate one part's share of the units and help the other parts; `collect_journals` brings home what was found.

    Args:
        time_limit: seconds after `began` (monotonic clock; by default now) at which it ends in order.

    Raises:
        HpowhError: the folder holds something else, or `evaluate` works there.
    """
    from hpowh.analyses.evaluate.parts.working import run_part

    with explained(folder):
        where, limits = opened(prepared, folder, jobs)
        return run_part(
            prepared.plan,
            where,
            limits,
            part.number - 1,
            part.count,
            time_limit=time_limit,
            began=began,
            progress=progress,
            notify=notify,
        )


@dataclass(kw_only=True)
class Home:
    """What came of bringing a folder's journals home."""

    collected: Collected
    outcome: Outcome | None = None
    """What was loaded into the warehouse; None where there is nothing to load."""

    def lines(self) -> list[str]:
        """Return what came of it as sentences."""
        found = self.collected
        share = (
            f"{found.done_count:,} of {found.unit_count:,} units are in the shards, {found.fresh_count:,} of them new"
        )
        living = f"; {found.living:,} parts may still be at work" if found.living else ""
        left = "" if found.is_whole or found.living else ". Nobody is at work: start the parts again for the rest"
        loaded = [] if self.outcome is None else [f"Loaded: {self.outcome.row_count:,} values.", *self.outcome.notes]
        return [f"{share}{living}{left}.", *loaded]

    def facts(self) -> dict[str, int | bool]:
        """Return the same for scripts."""
        found = self.collected
        return {
            "units": found.unit_count,
            "collected": found.done_count,
            "new": found.fresh_count,
            "living": found.living,
            "complete": found.is_whole,
            "loaded": 0 if self.outcome is None else self.outcome.row_count,
        }


def is_run_folder(folder: Path) -> bool:
    """Whether a folder holds evaluations that `collect_journals` can bring home."""
    from hpowh.analyses.evaluate.storing.layout import NAME

    return (folder / NAME).is_file()


def collect_journals(folder: Path, warehouse: Warehouse | None) -> Home:
    """Bring the journals of a folder into its shards and, with a warehouse, load these; any number of times.

    Raises:
        HpowhError: it holds no evaluations, another process collects there, or the warehouse refuses them.
    """
    from hpowh.analyses.evaluate.parts.collecting import collect_folder

    with explained(folder):
        collected = collect_folder(folder)
    if warehouse is None or not collected.done_count:
        return Home(collected=collected)
    name = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["name"]
    return Home(collected=collected, outcome=load_into(warehouse, folder, name))


def array_job(
    prepared: Prepared,
    folder: Path,
    *,
    command: tuple[str, ...],
    spec: Path,
    warehouse: Path,
    parts: int,
    jobs: int,
    most: str | None,
) -> ArrayJob:
    """Return what a batch scheduler is to be given; the folder is made, and a few units are measured there.

    Args:
        command: how this program is called.
        most: the longest time that a task may be granted, as people write it; None: as long as the forecast says.

    Raises:
        HpowhError: the folder holds something else.
        UsageError: `most` is no span of time.
    """
    from hpowh.analyses.evaluate.parts.batch import LEAST_WALL, ArrayJob, wall_and_rounds
    from hpowh.analyses.evaluate.parts.durations import seconds_of
    from hpowh.analyses.evaluate.parts.probing import measure

    try:
        limit = None if most is None else seconds_of(most, "--time")
        if limit is not None and limit < LEAST_WALL:
            raise SpecError(f"--time {most}: a task takes a while to start.", "Give ten minutes or more: --time 10:00")
    except SpecError as error:
        raise UsageError(error.message, error.hint) from None
    with explained(folder):
        where, limits = opened(prepared, folder, 1)
        seconds = measure(prepared.plan, where, limits)
    wall, rounds = wall_and_rounds(seconds, parts, jobs, limit)
    return ArrayJob(
        name=prepared.plan.name, command=command, spec=spec.resolve(), folder=folder.resolve(),
        warehouse=warehouse.resolve(), parts=parts, jobs=jobs, wall=wall, rounds=rounds, seconds=seconds,
    )  # fmt: skip


def status(folder: Path) -> Status:
    """Return how far a folder of evaluations is; nothing is written.

    Raises:
        HpowhError: it holds no evaluations.
    """
    from hpowh.analyses.evaluate.parts.status import status_of

    with explained(folder):
        return status_of(folder)
