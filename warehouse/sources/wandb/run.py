"""One run from the records of its `.wandb` files: configuration, summary, history, exit code.

Field numbers are those of wandb's `wandb_internal.proto`, which only adds fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hpowh.warehouse.sources.trackers.protobuf_wire import WireError, fields, message, signed, text
from hpowh.warehouse.sources.wandb.log import RecordLog

HISTORY, SUMMARY, CONFIG, STATS, METRIC, RUN, EXIT = 2, 3, 5, 7, 12, 17, 18
"""Fields of a record that matter here."""
GOALS = {1: "min", 2: "max"}


@dataclass(kw_only=True)
class WandbRun:
    """What the records say so far."""

    run_id: str = ""
    entity: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    name: str = ""
    notes: str = ""
    tags: list[str] = field(default_factory=list)
    sweep_id: str = ""
    host: str = ""
    started: datetime | None = None
    last_seen: float | None = None
    """Seconds since 1970 of the last thing recorded."""
    runtime: int = 0
    exit_code: int | None = None
    """None: the run has not ended, or was killed."""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    goals: dict[str, str] = field(default_factory=dict)
    """Metric -> direction, from `define_metric(…, goal=…)`."""
    logged: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    """The last value of everything in the history, as JSON text."""

    def read(self, log: RecordLog) -> None:
        """Take in the records of a file; later files of a resumed run overwrite what earlier ones said."""
        for record in log.records():
            try:
                self._take(record)
            except WireError as error:
                log.damage = f"a record with a right checksum cannot be read ({error})"
                return

    def _take(self, record: bytes) -> None:
        for number, value in fields(record):
            if number == HISTORY:
                self._take_history(message(value))
            elif number == SUMMARY:
                _update(self.summary, message(value))
            elif number == CONFIG:
                _update(self.config, message(value))
            elif number == RUN:
                self._take_run(message(value))
            elif number == EXIT:
                self._take_exit(message(value))
            elif number == METRIC:
                self._take_metric(message(value))
            elif number == STATS:
                self._take_stats(message(value))

    def _take_run(self, data: bytes) -> None:
        texts = {1: "run_id", 2: "entity", 3: "project", 6: "group", 7: "job_type", 8: "name", 9: "notes",
                 12: "sweep_id", 13: "host"}  # fmt: skip
        tags = []
        for number, value in fields(data):
            if number in texts:
                setattr(self, texts[number], text(value))
            elif number == 4:
                _update(self.config, message(value))
            elif number == 5:
                _update(self.summary, message(value))
            elif number == 10:
                tags.append(text(value))
            elif number == 17 and self.started is None:
                self.started = datetime.fromtimestamp(_timestamp(message(value)), UTC)
        self.tags = tags or self.tags
        self.exit_code = None  # a resumed run has not ended again yet

    def _take_exit(self, data: bytes) -> None:
        self.exit_code = 0
        for number, value in fields(data):
            if number == 1:
                self.exit_code = signed(value)
            elif number == 2:
                self.runtime = signed(value)

    def _take_metric(self, data: bytes) -> None:
        found = dict(fields(data))
        goal = GOALS.get(signed(found.get(8, 0)))
        if goal and 1 in found:
            self.goals[text(found[1])] = goal

    def _take_stats(self, data: bytes) -> None:
        for number, value in fields(data):
            if number == 2:
                self.last_seen = max(self.last_seen or 0.0, _timestamp(message(value)))

    def _take_history(self, data: bytes) -> None:
        """Remember each value (a killed run may have no summary) and when it was."""
        for name, value in history_items(data):
            self.logged[name] = value
            if name == ("_timestamp",) and isinstance(found := parsed(value), int | float):
                self.last_seen = max(self.last_seen or 0.0, float(found))

    def final(self) -> dict[str, Any]:
        """Return the summary; what only the history has comes from there."""
        missing = {path: value for path, value in self.logged.items() if path[0] not in self.summary}
        return {**self.summary, **{".".join(path): parsed(value) for path, value in missing.items()}}

    def ended(self) -> datetime | None:
        """Return when it ended: start and run time, else the last thing that was recorded. None: it has not."""
        if self.exit_code is None:
            return None
        if self.runtime and self.started:
            return datetime.fromtimestamp(self.started.timestamp() + self.runtime, UTC)
        return datetime.fromtimestamp(self.last_seen, UTC) if self.last_seen else None


def history_points(log: RecordLog, wanted: Mapping[tuple[str, ...], int]) -> Iterator[tuple[int, int, Any]]:
    """Yield (position, step, value) of the wanted metrics in a file's history, in its order.

    Args:
        wanted: name of the metric (as a path) -> position.
    """
    for record in log.records():
        try:
            for number, value in fields(record):
                if number == HISTORY:
                    yield from _points(message(value), wanted)
        except WireError:
            return  # the first reading stopped here too, and said so


def _points(data: bytes, wanted: Mapping[tuple[str, ...], int]) -> Iterator[tuple[int, int, Any]]:
    step = None
    found = []
    for name, value in history_items(data):
        if name == ("_step",):
            step = parsed(value)
        position = wanted.get(name)
        if position is None:
            position = wanted.get((".".join(name),))
        if position is not None:
            found.append((position, parsed(value)))
    if step is None:
        step = next((signed(dict(fields(message(v))).get(1, 0)) for n, v in fields(data) if n == 2), 0)
    for position, value in found:
        yield position, int(step), value


def history_items(data: bytes) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Yield (name as a path, value as JSON text) of a history record."""
    for number, value in fields(data):
        if number == 1:
            yield _item(message(value))


def _item(data: bytes) -> tuple[tuple[str, ...], bytes]:
    path: list[str] = []
    key, value = "", b"null"
    for number, one in fields(data):
        if number == 1:
            key = text(one)
        elif number == 2:
            path.append(text(one))
        elif number == 16:
            value = message(one)
    return tuple(path) or (key,), value


def _update(target: dict[str, Any], data: bytes) -> None:
    """Apply a config or summary record: items to set (field 1) and to remove (field 2)."""
    for number, value in fields(data):
        if number not in (1, 2):
            continue
        path, written = _item(message(value))
        place = target
        for part in path[:-1]:
            inner = place.get(part)
            if not isinstance(inner, dict):
                inner = place[part] = {}
            place = inner
        if number == 1:
            place[path[-1]] = parsed(written)
        else:
            place.pop(path[-1], None)


def parsed(written: bytes) -> Any:
    """Return a JSON value (NaN and Infinity are among them). Raises WireError where it is none."""
    try:
        return json.loads(written.decode())
    except ValueError:
        raise WireError("a value is no JSON") from None


def _timestamp(data: bytes) -> float:
    found = dict(fields(data))
    return signed(found.get(1, 0)) + signed(found.get(2, 0)) / 1e9


def run_files(folder: Path) -> list[Path]:
    """Return the `.wandb` files at and below a folder, each once (`latest-run` is a link to one of them)."""
    return sorted({path.resolve() for path in folder.rglob("*.wandb") if path.is_file()})
