"""TensorBoard HParams: a folder of event files, each session (hyperparameters and scalars) a trial.

Facts from TensorBoard's `plugins/hparams`: a session's metrics are the last scalars of its folder and of those below it
(a metric's group is such a folder); sessions of one group, or of the same hyperparameters, repeat one another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, Record, Value, moment_of, observed
from hpowh.warehouse.sources.sweeps.tables import Sweep, SweepParameter
from hpowh.warehouse.sources.tables.roles import assumed, direction_of
from hpowh.warehouse.sources.tensorboard.events import Declared, End, Events, Start, read_events

PATTERN = "*.tfevents.*"
TYPES = {1: "text", 2: "bool", 3: "float"}


class TensorBoard(SweepSource):
    """`hpowh ingest tensorboard FOLDER`: every folder below it whose events hold hyperparameters is a trial.

    `--option metric=TAG` names the objective where the experiment declares several, or none.
    """

    kind: ClassVar[str] = "tensorboard"
    summary: ClassVar[str] = "TensorBoard HParams: hyperparameters and scalars of event files"
    metric_origin: ClassVar[str] = "declared, or as named"
    parameter_origin: ClassVar[str] = "of the sessions"

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind, ("metric",))
        if request.mapping:
            raise UsageError("The source tensorboard has no columns to map.", "Name the metric: --option metric=TAG.")

    def files(self, request: Request) -> list[Path]:
        """Return every event file."""
        path = request.path
        found = [path] if path.is_file() else sorted(one for one in path.rglob(PATTERN) if one.is_file())
        if not found:
            raise IngestError(f"There is no event file below {path}.", "Name TensorBoard's log directory.")
        return found

    def places(self, request: Request) -> list[Path]:
        """Return the log directory: all its sessions are one sweep, as TensorBoard shows them."""
        return [request.path]

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sessions of a log directory."""
        return _content(self.files(request), place, name, request)


SOURCE = TensorBoard()


class _Session:
    """A folder with hyperparameters, and all events of it and of the folders below that are no session themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[tuple[str, Events]] = []
        """Group (the way from the session's folder) and events."""

    def start(self) -> Start:
        """Return what the last of its files says of its beginning."""
        return next(events.start for _, events in reversed(self.events) if events.start is not None)

    def end(self) -> End:
        """Return how it ended, as far as that is said."""
        return next((events.end for _, events in reversed(self.events) if events.end is not None), End(None, None))

    def scalars(self) -> dict[str, list[tuple[int, float]]]:
        """Return tag -> (step, value) by step; of a step that was written again the last value counts."""
        found: dict[str, dict[int, float]] = {}
        for group, events in self.events:
            for tag, rows in events.scalars.items():
                found.setdefault(f"{group}/{tag}" if group else tag, {}).update(rows)
        return {tag: sorted(rows.items()) for tag, rows in found.items()}


def _content(files: Sequence[Path], root: Path, name: str, request: Request) -> Content:
    read = [(path, read_events(path)) for path in files]
    sessions = _sessions(read)
    if not sessions:
        raise IngestError(
            f"The event files of {root} hold no hyperparameters, only scalars.",
            "Write them with `SummaryWriter.add_hparams` (PyTorch) or `hparams.api.hparams` (Keras), or load a table: "
            "one row a run, its settings and its result.",
        )
    declared: dict[str, Declared] = {}
    metrics: list[str] = []
    for _, events in read:
        if events.experiment is not None:
            declared |= {one.name: one for one in events.experiment.hyperparameters}
            metrics += [tag for tag in events.experiment.metrics if tag not in metrics]
    found = [(session, session.scalars()) for session in sessions]
    metric = _objective(metrics, found, request)
    option = request.options.get("direction")
    direction, is_given = direction_of(metric, option and str(option))
    records = [
        _record(number, session, scalars, metric, root)
        for number, (session, scalars) in enumerate(sorted(found, key=lambda one: _began(one[0])))
    ]
    _make_whole(records)
    label = label_of(request, {}, str(root))
    sweep = Sweep(
        name=name, tool="tensorboard", metrics=[(metric, direction)], parameters=_space(declared, records),
        run=label.run, benchmark=label.benchmark, search_space=label.search_space,
    )  # fmt: skip
    notes = [] if is_given else [assumed(metric, direction)]
    cut = sum(events.is_cut for _, events in read)
    if cut:
        notes.append(f"{cut:,} of {len(read):,} files end within a record, which is left out.")
    return Content(sweep, records, notes)


def _sessions(read: Sequence[tuple[Path, Events]]) -> list[_Session]:
    """Return the sessions, with every file given to the nearest one at or above it."""
    sessions = {path.parent: _Session(path.parent) for path, events in read if events.start is not None}
    for path, events in read:
        nearest = next((folder for folder in path.parents if folder in sessions), None)
        if nearest is not None:
            group = path.parent.relative_to(nearest).as_posix()
            sessions[nearest].events.append(("" if group == "." else group, events))
    return list(sessions.values())


def _began(session: _Session) -> tuple[float, str]:
    """Return what sessions are ordered by: their start, else their first event, and their folder."""
    first = [events.first for _, events in session.events if events.first is not None]
    return session.start().began or min(first, default=0.0), str(session.folder)


def _objective(
    declared: Sequence[str], found: Sequence[tuple[_Session, dict[str, list[tuple[int, float]]]]], request: Request
) -> str:
    """Return the metric's tag.

    Raises:
        UsageError: there are several, or the one named is nowhere.
    """
    tags = sorted({tag for _, scalars in found for tag in scalars})
    wanted = request.options.get("metric")
    if wanted is not None:
        if wanted not in tags:
            raise UsageError(f"No session has a scalar {wanted!r}.", f"Scalars: {', '.join(tags) or 'none'}.")
        return str(wanted)
    known = [tag for tag in declared if tag in tags] or tags
    if len(known) == 1:
        return known[0]
    if not known:
        raise IngestError(f"The sessions of {request.path} have no scalars.", "Nothing was loaded.")
    raise UsageError(
        f"{request.path}: which metric is the objective? There are {len(known):,}.",
        f"Say --option metric=NAME. Metrics: {', '.join(known)}.",
    )


def _record(
    number: int, session: _Session, scalars: dict[str, list[tuple[int, float]]], metric: str, root: Path
) -> Record:
    start, end = session.start(), session.end()
    rows = scalars.get(metric, [])
    values = [Value(0, value, step) for step, value in rows] if len(rows) > 1 else []
    values += [Value(0, rows[-1][1])] if rows else []
    attributes: dict[str, Any] = {tag: own[-1][1] for tag, own in scalars.items() if tag != metric}
    if start.group is not None:
        attributes["group"] = start.group
    first = [events.first for _, events in session.events if events.first is not None]
    last = [events.last for _, events in session.events if events.last is not None]
    inner = session.folder.relative_to(root) if root.is_dir() else Path()
    return Record(
        name=inner.as_posix() if inner != Path() else session.folder.name,
        number=number,
        # PyTorch ends a session before its scalars are written; one without any end was killed, or goes on.
        status=end.status or "running",
        parameters=start.parameters,
        values=values,
        attributes=attributes,
        started_at=moment_of(start.began or min(first, default=None)),
        ended_at=moment_of(end.ended or max(last, default=None)) if end.status else None,
        duration=end.ended - start.began if start.began and end.ended and end.ended >= start.began else None,
    )


def _make_whole(records: Sequence[Record]) -> None:
    """Turn hyperparameters whose numbers are all whole into whole numbers: the files know doubles only."""
    values: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.parameters.items():
            values.setdefault(name, []).append(value)
    whole = {
        name
        for name, own in values.items()
        if any(isinstance(one, float) for one in own)
        and all(one.is_integer() and abs(one) <= 2**53 for one in own if isinstance(one, float))
    }
    for record in records:
        record.parameters = {
            name: int(value) if name in whole and isinstance(value, float) else value
            for name, value in record.parameters.items()
        }


def _space(declared: dict[str, Declared], records: Sequence[Record]) -> list[SweepParameter]:
    """Return what the experiment declares of the hyperparameters that the sessions have, else what was observed."""
    return [_parameter(one, declared.get(one.name)) for one in observed(records)]


def _parameter(seen: SweepParameter, declared: Declared | None) -> SweepParameter:
    if declared is None:
        return seen
    # The choices of a number are values of a number, as the plug-in shows them.
    is_choice = declared.choices is not None and TYPES.get(declared.kind) != "float"
    return SweepParameter(
        name=seen.name,
        value_type=seen.value_type,
        lower=declared.lower,
        upper=declared.upper,
        choices=json.dumps(declared.choices) if is_choice else None,
    )
