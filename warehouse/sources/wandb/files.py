"""W&B's offline run folders: every `.wandb` file below a folder, read without the wandb library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.trackers.roles import number_of
from hpowh.warehouse.sources.trackers.tracked import Objective, Points, Tracked, TrackedRun, flatten
from hpowh.warehouse.sources.wandb.left import LeftRun, left_files, left_folders, read_left
from hpowh.warehouse.sources.wandb.log import NoLogError, RecordLog
from hpowh.warehouse.sources.wandb.run import WandbRun, history_points, run_files

CHUNK = 1 << 20
SHOWN = 5
"""Damaged files that are named; the others are counted."""
OWN = ("_wandb", "wandb_version")
"""W&B's own notes within a configuration or a summary."""
AGGREGATES = (".min", ".max", ".mean", ".best", ".last")
"""Ends of names under which a summary keeps another value than the last (`define_metric(…, summary="min")`)."""
TIME_NOTE = "A run's end is its start and its run time, else the last thing that was recorded."


def find_files(path: Path) -> list[Path]:
    """Return the `.wandb` files that a path means.

    Raises:
        IngestError: there is none, nor a run's folder of which other files are left.
    """
    found = [path] if path.is_file() else run_files(path)
    if not found and not left_files(path):
        raise IngestError(
            f"The folder {path} holds no .wandb file.",
            "Name the folder `wandb` that offline runs are written to, one run's folder, or a .wandb file.",
        )
    return found


def fingerprint_files(path: Path) -> str:
    """Return a hash over the names and contents of the run files."""
    digest = sha256()
    for file in [*find_files(path), *left_files(path)]:
        digest.update(f"\n{file.name}\n".encode())
        with file.open("rb") as handle:
            while chunk := handle.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


@dataclass
class _Read:
    """One run with the logs that it is from (several, where it was resumed)."""

    run: WandbRun
    logs: list[RecordLog] = field(default_factory=list)


def read_files(path: Path) -> Tracked:
    """Return the runs of all files; what stands behind a damage is left out, and said."""
    found: dict[tuple[str, str, str], _Read] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    damaged: list[str] = []
    not_begun = 0
    for number, file in enumerate(find_files(path), start=1):
        try:
            log = RecordLog(file)
            alone = WandbRun()
            alone.read(log)
        except (NoLogError, OSError) as error:
            problems.append(Problem(number, str(file), "(whole file)", str(error)))
            continue
        if not alone.run_id:
            if log.damage and log.is_begun:
                problems.append(Problem(number, str(file), "(whole file)", f"{log.damage}; no run stands before it"))
            else:
                not_begun += 1
            continue
        if log.damage:
            damaged.append(f"{file.name}: {log.damage}. What stands before it is kept.")
        key = (alone.entity, alone.project, alone.run_id)
        if key in found:
            found[key].run.read(log)
            found[key].logs.append(log)
        else:
            found[key] = _Read(alone, [log])
    notes += damaged[:SHOWN]
    if len(damaged) > SHOWN:
        notes.append(f"{len(damaged) - SHOWN:,} more files are cut off or damaged; what stands before that is kept.")
    if not_begun:
        notes.append(f"{not_begun:,} files hold no run yet; they are left out.")
    reads = sorted(found.values(), key=lambda one: (one.run.started is None, one.run.started, one.run.run_id))
    tracked = _tracked(reads, problems, notes)
    left = [read_left(folder) for folder in left_folders(path)]
    known = {one.run.run_id for one in reads}
    left = [one for one in left if one.run_id not in known]
    if left:
        groups = {run.group for run in tracked.runs}
        group = groups.pop() if len(groups) == 1 else "uncategorized"
        tracked.runs += [_left_trial(one, group) for one in left]
        tracked.notes.append(
            f"{len(left):,} run folders hold no .wandb file: they are read from config.yaml and wandb-summary.json, "
            "without history. These do not say how a run ended: one with a summary counts as finished."
        )
    return tracked


def _left_trial(one: LeftRun, group: str) -> TrackedRun:
    told: dict[str, Any] = {name: one.metadata[name] for name in ("host", "program", "git") if name in one.metadata}
    return TrackedRun(
        group=group,
        name=one.run_id,
        status="finished" if one.has_summary else "running",
        started=one.started,
        ended=one.ended if one.has_summary else None,
        parameters=dict(flatten(without_own(one.config))),
        summary=dict(flatten(without_own(one.summary))),
        attributes={"id": one.run_id, **told},
        source=str(one.folder),
    )


def _tracked(reads: list[_Read], problems: list[Problem], notes: list[str]) -> Tracked:
    runs = [_trial(one) for one in reads]
    open_ended = sum(run.status == "running" for run in runs)
    if open_ended:
        notes.append(
            f"{open_ended:,} runs have no end on record: they are running, or were killed. They are kept as running; "
            "--option unfinished=failed says that they failed."
        )
    resumed = sum(len(one.logs) > 1 for one in reads)
    if resumed:
        notes.append(f"{resumed:,} runs were resumed; the parts are one trial each.")
    goals = {}
    for run, one in zip(runs, reads, strict=True):
        if len(one.run.goals) == 1:
            goals[run.group] = Objective(*next(iter(one.run.goals.items())))

    def history(wanted: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Points]]:
        for at, names in wanted.items():
            points = _points(reads[at].logs, names) if at < len(reads) else None
            if points:
                yield at, points

    return Tracked(
        tool="wandb",
        runs=runs,
        history=history,
        is_typed=True,
        objectives=goals,
        problems=problems,
        notes=notes,
        time_note=TIME_NOTE,
    )


def _points(logs: list[RecordLog], names: Sequence[str]) -> Points:
    """Return the history of a run; a step that was logged twice (a resumed run) has its later value."""
    wanted: dict[tuple[str, ...], int] = {(name,): position for position, name in enumerate(names)}
    for position, name in enumerate(names):
        for known in (name, *(name.removesuffix(end) for end in AGGREGATES)):
            wanted.setdefault(tuple(known.split(".")), position)
    return {
        (position, step): number
        for log in logs
        for position, step, value in history_points(log, wanted)
        if (number := number_of(value)) is not None
    }


def _trial(one: _Read) -> TrackedRun:
    run = one.run
    status = "running" if run.exit_code is None else "finished" if run.exit_code == 0 else "failed"
    project = run.project or "uncategorized"
    summary = dict(flatten(without_own(run.final())))
    attributes: dict[str, Any] = {
        "id": run.run_id, "entity": run.entity, "project": project, "sweep_id": run.sweep_id, "group": run.group,
        "job_type": run.job_type, "tags": run.tags, "notes": run.notes, "host": run.host, "exit_code": run.exit_code,
    }  # fmt: skip
    return TrackedRun(
        group=f"{project}/{run.sweep_id}" if run.sweep_id else project,
        name=run.name or run.run_id,
        status=status,
        started=run.started,
        ended=run.ended(),
        parameters=dict(flatten(without_own(run.config))),
        summary=summary,
        attributes=attributes,
        source=str(one.logs[0].path),
    )


def without_own(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration or summary without what W&B keeps there for itself."""
    return {name: value for name, value in values.items() if name not in OWN}
