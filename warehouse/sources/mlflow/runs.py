"""What both kinds of MLflow store have in common: states, nested runs, deleted runs, tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.trackers.tracked import Points, Tracked, TrackedRun

STATUSES = {
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "failed",
    "RUNNING": "running",
    "SCHEDULED": "waiting",
}
"""MLflow's run status -> the warehouse's word."""
STATUS_NUMBERS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""How run folders write it (the numbers of MLflow's `RunStatus`)."""
PARENT, NAME = "mlflow.parentRunId", "mlflow.runName"
LABELS = ("algorithm", "benchmark", "seed", "experiment", "search_space")
"""Tags of an experiment that make it a run of an experiment of the warehouse."""
OPTIONS = ("sweep_by", "deleted", "server")
GREATEST = 1.7976931348623157e308
"""MLflow's SQL stores keep an infinity as the greatest double."""


@dataclass(kw_only=True)
class MlflowRun:
    """One run as stored."""

    run_id: str
    experiment: str
    """Name of the experiment."""
    experiment_id: str
    name: str
    status: str
    started: datetime | None
    ended: datetime | None
    is_deleted: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    """The latest value of each."""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Store:
    """The content of one store, deleted runs included."""

    runs: list[MlflowRun]
    history: Callable[[Mapping[str, Sequence[str]]], Iterator[tuple[str, Points]]]
    """Run id -> wanted metrics; yields (run id, points)."""
    repeated: Callable[[], int]
    """How many values of the histories read so far were followed by another one of the same step."""
    experiment_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def tracked_of(store: Store, request: Request) -> Tracked:
    """Return the store's runs as trials, each in the sweep of its experiment (or of its parent run).

    Raises:
        UsageError: an option has a value that means nothing.
    """
    by_parent = _is(request, "sweep_by", "experiment", "parent")
    keep_deleted = _is(request, "deleted", "skip", "keep")
    server = _server(request)
    notes = list(store.notes)
    runs = [run for run in store.runs if keep_deleted or not run.is_deleted]
    if len(runs) < len(store.runs):
        count = len(store.runs) - len(runs)
        notes.append(f"{count:,} deleted runs are left out (--option deleted=keep loads them).")
    by_id = {run.run_id: run for run in runs}
    parents = {run.tags[PARENT] for run in runs if PARENT in run.tags} & by_id.keys()
    brackets = {run_id for run_id in parents if not by_id[run_id].metrics or by_parent}
    if brackets:
        why = "they are the sweeps" if by_parent else "they logged nothing themselves"
        notes.append(f"{len(brackets):,} parents of nested runs are no trials: {why}.")
    trials = [run for run in runs if run.run_id not in brackets]
    trials.sort(key=lambda run: (run.started is None, run.started, run.run_id))
    names = _group_names(by_id, parents) if by_parent else {}
    groups = [names.get(run.tags.get(PARENT, ""), run.experiment) for run in trials]
    tracked_runs = [_trial(run, group, by_id, server) for run, group in zip(trials, groups, strict=True)]
    history = store.history

    def points(wanted: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Points]]:
        at_of = {trials[at].run_id: at for at in wanted}
        for run_id, found in history({trials[at].run_id: metrics for at, metrics in wanted.items()}):
            yield at_of[run_id], found
        if store.repeated():
            notes.append(
                f"{store.repeated():,} values of a history have the step of a later one (MLflow's steps are 0 unless "
                "given); the latest of each step is kept."
            )

    tags = store.experiment_tags
    labels = {name: {role: found[role] for role in LABELS if role in found} for name, found in tags.items()}
    return Tracked(
        tool="mlflow",
        runs=tracked_runs,
        history=points,
        is_typed=False,
        prefixes=("params.", "metrics."),
        labels=labels,
        problems=store.problems,
        notes=notes,
    )


def _is(request: Request, option: str, otherwise: str, wanted: str) -> bool:
    """Return whether an option with two values has the second one."""
    said = str(request.options.get(option) or otherwise)
    if said not in (otherwise, wanted):
        raise UsageError(f"--option {option}={said}: not understood.", f"Say {otherwise} or {wanted}.")
    return said == wanted


def _group_names(by_id: Mapping[str, MlflowRun], parents: set[str]) -> dict[str, str]:
    """Return a name of each parent's sweep; parents of the same name are told apart by their ids."""
    names = {run_id: f"{by_id[run_id].experiment}/{by_id[run_id].name}" for run_id in parents}
    used = list(names.values())
    return {run_id: name if used.count(name) == 1 else f"{name} {run_id[:8]}" for run_id, name in names.items()}


def _server(request: Request) -> str:
    """Return the address of MLflow's pages, without a slash at its end; an empty text where none is given."""
    given = str(request.options.get("server") or "").rstrip("/")
    if given and not re.fullmatch(r"https?://[^\s\"'<>@?#]+", given):
        raise UsageError(
            f"The option server is {given!r}, which is no address of a server.",
            "Such as https://mlflow.example.org, without a name or password: it is stored.",
        )
    return given


def _trial(run: MlflowRun, group: str, by_id: Mapping[str, MlflowRun], server: str = "") -> TrackedRun:
    attributes: dict[str, Any] = {"id": run.run_id, "mlflow_status": run.status}
    for tag, name in (("mlflow.user", "user"), ("mlflow.source.name", "source"), ("mlflow.note.content", "note")):
        if tag in run.tags:
            attributes[name] = run.tags[tag]
    if server:
        place = f"experiments/{quote(run.experiment_id, safe='')}/runs/{quote(run.run_id, safe='')}"
        attributes["url"] = f"{server}/#/{place}"
    parent = run.tags.get(PARENT)
    if parent:
        attributes |= {"parent_id": parent, "parent": by_id[parent].name if parent in by_id else None}
    if run.is_deleted:
        attributes["is_deleted"] = True
    own = {name: value for name, value in run.tags.items() if not name.startswith("mlflow.")}
    attributes |= {f"tags.{name}" if name in attributes else name: value for name, value in own.items()}
    return TrackedRun(
        group=group,
        name=run.name,
        status=STATUSES[run.status],
        started=run.started,
        ended=run.ended,
        parameters=dict(run.parameters),
        summary=dict(run.metrics),
        attributes=attributes,
        source=run.run_id,
    )


def moment(milliseconds: int | None) -> datetime | None:
    """Return a time from milliseconds since 1970."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def status_of(found: Any, where: str) -> str:
    """Return MLflow's status word.

    Raises:
        IngestError: there is no such status.
    """
    name = STATUS_NUMBERS.get(found, str(found))
    if name not in STATUSES:
        raise IngestError(f"{where} has the unknown status {found!r}.", "A newer hpowh may know it.")
    return name
