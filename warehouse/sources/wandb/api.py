"""W&B online, through the public API of the wandb library (the extra `hpowh[wandb]`).

The library signs in (WANDB_API_KEY or `wandb login`), asks page by page, and waits where the server says that there
were too many requests. The key is neither stored nor shown; of a request, location and options are stored.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.trackers.roles import number_of
from hpowh.warehouse.sources.trackers.tracked import Points, Tracked, TrackedRun, flatten
from hpowh.warehouse.sources.trials.plan import STATUSES
from hpowh.warehouse.sources.wandb.files import without_own
from hpowh.warehouse.sources.wandb.space import declared_space, objective_of

PAGE = 100
"""Runs a request."""
PATIENCE = 180
"""Seconds that one request may take, the waiting that the server's rate limit asks for included."""
SAMPLES = 500
"""Points of a sampled history, as W&B's own charts have."""
HISTORIES = ("sampled", "full", "none")
TIME_NOTE = "A run's start and end are what the server calls createdAt and heartbeatAt."
UNFINISHED = "running"


@dataclass
class _Answer:
    """What the server said of all runs, without their histories."""

    api: Any
    runs: list[Any]
    """wandb's own objects; they can be asked for their history."""
    sweeps: dict[str, dict[str, Any]]
    """Sweep -> its configuration."""


_kept: dict[str, _Answer] = {}
"""The answer to the last fingerprint, for the load that follows: every run is asked for once."""


def fingerprint_online(request: Request) -> str:
    """Return a hash of what the server says of every run but its history (which does not grow without the rest)."""
    answer = _ask(request)
    _kept.clear()
    _kept[_key(request)] = answer
    digest = sha256(json.dumps(answer.sweeps, sort_keys=True, default=str).encode())
    for run in answer.runs:
        told = [run.config, dict(run.summary_metrics), [_said(run, name) for name in ("id", *TOLD)]]
        digest.update(json.dumps(told, sort_keys=True, default=str).encode())
    return digest.hexdigest()


TOLD = ("displayName", "state", "sweepName", "group", "jobType", "tags", "notes", "createdAt", "heartbeatAt",
        "historyLineCount")  # fmt: skip
"""What a run says of itself, in the server's words."""


def read_online(request: Request, unfinished: str = UNFINISHED) -> Tracked:
    """Return the runs of a project or sweep; histories are asked for when they are needed.

    Raises:
        UsageError: an option means nothing.
        IngestError: wandb is not installed, nobody is signed in, there is no such project, or the server refuses.
    """
    history, samples = _history_options(request)
    answer = _kept.pop(_key(request), None) or _ask(request)
    project = request.location.split("/")[1]
    problems: list[Problem] = []
    runs: list[TrackedRun] = []
    for run in answer.runs:
        status = STATUSES.get(str(run.state).lower())
        if status is None:
            problems.append(Problem(len(problems) + 1, run.id, str(run.state), "the state of the run is unknown"))
            status = "failed"
        runs.append(_trial(run, project, unfinished if status == UNFINISHED else status))
    objectives = {f"{project}/{name}": objective_of(config) for name, config in answer.sweeps.items()}
    notes = [] if history != "none" else ["Histories were not asked for (--option history=sampled or full)."]
    return Tracked(
        tool="wandb",
        runs=runs,
        history=lambda wanted: _histories(answer.runs, wanted, history, samples, notes),
        is_typed=True,
        objectives={group: found for group, found in objectives.items() if found},
        declared={f"{project}/{name}": declared_space(config) for name, config in answer.sweeps.items()},
        labels={
            f"{project}/{name}": {"algorithm": f"wandb {config['method']}"}
            for name, config in answer.sweeps.items()
            if config.get("method")
        },
        problems=problems,
        notes=notes,
        time_note=TIME_NOTE,
    )


def _history_options(request: Request) -> tuple[str, int]:
    history = str(request.options.get("history") or "sampled")
    if history not in HISTORIES:
        raise UsageError(f"--option history={history}: not understood.", f"Say {', '.join(HISTORIES)}.")
    samples = str(request.options.get("samples") or SAMPLES)
    if not samples.isdigit() or int(samples) < 2:
        raise UsageError(f"--option samples={samples}: not understood.", "Give a whole number from 2 on.")
    return history, int(samples)


def _key(request: Request) -> str:
    return json.dumps([request.location, request.options.get("base_url")])


def _ask(request: Request) -> _Answer:
    """Ask for all runs, page by page, and for the sweeps that they belong to."""
    entity, project, *rest = request.location.split("/")
    with _explained(request):
        api = _signed_in(request)
        filters = {"sweep": rest[0]} if rest else {}
        runs = list(api.runs(f"{entity}/{project}", filters=filters, per_page=PAGE, lazy=False))
        names = dict.fromkeys([*rest, *(run.sweep_name for run in runs if run.sweep_name)])
        sweeps = {name: dict(api.sweep(f"{entity}/{project}/{name}").config) for name in names}
    return _Answer(api, runs, sweeps)


def _signed_in(request: Request) -> Any:
    """Return wandb's API; its own reporting of errors to its makers is off.

    Raises:
        IngestError: wandb is not installed.
        UsageError: the address has a password in it, which would be stored.
    """
    base_url = request.options.get("base_url")
    if base_url and "@" in str(base_url):
        raise UsageError("The option base_url has a password in it, which would be stored.", "Leave it out.")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        import wandb
    except ImportError:
        raise IngestError(
            "Reading W&B online needs the package wandb, which is not installed.", "pip install 'hpowh[wandb]'"
        ) from None
    _reach(str(base_url or wandb.setup().settings.base_url))
    return wandb.Api(overrides={"base_url": str(base_url)} if base_url else None, timeout=PATIENCE)


def _reach(url: str) -> None:
    """Look whether the server can be reached at all: wandb would try again for minutes before it says so.

    Raises:
        IngestError: it cannot.
    """
    parts = urlsplit(url)
    if parts.scheme in getproxies() or not parts.hostname:
        return
    try:
        socket.create_connection((parts.hostname, parts.port or (80 if parts.scheme == "http" else 443)), 15).close()
    except OSError as error:
        raise IngestError(
            f"W&B: {url} cannot be reached: {error.strerror or error}.", "Check the network, and the option base_url."
        ) from None


@contextmanager
def _explained(request: Request) -> Iterator[None]:
    """Turn what wandb raises into one line that says what to do."""
    try:
        yield
    except (IngestError, UsageError):
        raise
    except Exception as error:  # noqa: BLE001 - wandb raises its own errors, ValueError, requests' and others'
        text = " ".join(str(error).split())[:300].rstrip(".")
        kind = type(error).__name__
        if "in time" in text:
            hint = "The server did not answer: run again later."
        elif kind in ("AuthenticationError", "UsageError") or "401" in text or "login" in text.lower():
            hint = "Sign in with `wandb login`, or set WANDB_API_KEY."
        elif "429" in text:
            hint = "The server's rate limit was not lifted in time: run again later."
        else:
            hint = "Is it ENTITY/PROJECT or ENTITY/PROJECT/SWEEP, and may you read it? (No file of that name exists.)"
        raise IngestError(f"W&B: {request.location} cannot be read: {text or kind}.", hint) from None


def _trial(run: Any, project: str, status: str) -> TrackedRun:
    sweep = run.sweep_name
    attributes = {name: _said(run, name) for name in ("group", "jobType", "tags", "notes", "historyLineCount")}
    return TrackedRun(
        group=f"{project}/{sweep}" if sweep else project,
        name=_said(run, "displayName") or run.id,
        status=status,
        started=_moment(_said(run, "createdAt")),
        ended=None if status in ("running", "waiting") else _moment(_said(run, "heartbeatAt")),
        parameters=dict(flatten(without_own(run.config))),
        summary=dict(flatten(without_own(dict(run.summary_metrics)))),
        attributes={
            "id": run.id,
            "url": _said(run, "url"),
            "project": project,
            "sweep_id": sweep,
            "state": run.state,
            **attributes,
        },
        source=run.id,
    )


def _said(run: Any, name: str) -> Any:
    """Return what the server said of a run, None where it said nothing."""
    return getattr(run, name, None)


def _moment(text: Any) -> datetime | None:
    """Return a time of the server; it writes UTC, with or without saying so."""
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _histories(
    runs: Sequence[Any], wanted: Mapping[int, Sequence[str]], history: str, samples: int, notes: list[str]
) -> Iterator[tuple[int, Points]]:
    """Yield the points of each run: one request a run and metric."""
    cut = 0
    for at, names in wanted.items():
        lines = _said(runs[at], "historyLineCount")
        if history == "none" or lines == 0:
            continue
        points: Points = {}
        for position, name in enumerate(names):
            rows, is_cut = _rows(runs[at], name, history, samples)
            cut += is_cut
            for row in rows:
                step, number = row.get("_step"), number_of(row.get(name))
                if step is not None and number is not None:
                    points[position, int(step)] = number
        if points:
            yield at, points
    if cut:
        notes.append(f"The histories of {cut:,} runs are not exported in full yet; they are sampled.")


def _rows(run: Any, name: str, history: str, samples: int) -> tuple[list[Mapping[str, Any]], bool]:
    """Return a metric's history, and whether it is a sample although all of it was asked for."""
    if history == "full":
        try:
            return list(run.scan_history(keys=["_step", name], use_cache=False)), False
        except Exception as error:  # noqa: BLE001 - wandb's errors, see above
            if "no parquet history" not in str(error):
                raise IngestError(f"W&B: the history of {run.id} cannot be read: {error}", "Run again later.") from None
            samples = max(samples, int(_said(run, "historyLineCount") or 0))
    try:
        return list(run.history(keys=[name], samples=samples, pandas=False)), history == "full"
    except Exception as error:  # noqa: BLE001 - wandb's errors, see above
        raise IngestError(f"W&B: the history of {run.id} cannot be read: {error}", "Run again later.") from None
