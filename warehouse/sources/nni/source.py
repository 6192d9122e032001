"""NNI: an experiment's `nni.sqlite`, or the JSON that `nnictl experiment export` writes.

Facts from NNI's `sqlDatabase.ts` and `nnimanager`: events of trials carry their parameters as JSON; metrics are JSON in
a JSON text, a number or an object whose `default` is what the tuner optimises; times are milliseconds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, Record, Value, moment_of, number_of, observed, type_of
from hpowh.warehouse.sources.sweeps.sqlite_files import columns_if_any, columns_in, fingerprint_of_databases, opened
from hpowh.warehouse.sources.sweeps.tables import Sweep, SweepParameter
from hpowh.warehouse.sources.sweeps.tool_files import fingerprint_of, first_paths, read_json
from hpowh.warehouse.sources.tables.roles import assumed, direction_of, said_direction
from hpowh.warehouse.sources.trials.cells import read_cell

DATABASE, OBJECTIVE = "nni.sqlite", "default"
TABLES = {"TrialJobEvent", "MetricData"}
STATUSES = {
    "WAITING": "waiting", "RUNNING": "running", "UNKNOWN": "running", "SUCCEEDED": "finished", "FAILED": "failed",
    "USER_CANCELED": "failed", "SYS_CANCELED": "failed", "EARLY_STOPPED": "pruned",
}  # fmt: skip
ENDED = ("SUCCEEDED", "FAILED", "USER_CANCELED", "SYS_CANCELED", "EARLY_STOPPED")
DIRECTIONS = {"maximize": "max", "minimize": "min"}
LOGARITHMIC = ("loguniform", "qloguniform", "lognormal", "qlognormal")


class Nni(SweepSource):
    """`hpowh ingest nni PATH`: a database (or a folder with databases), or exported JSON: every experiment a sweep.

    Options: `metric` (the name of what NNI calls `default`).
    """

    kind: ClassVar[str] = "nni"
    summary: ClassVar[str] = "NNI experiments: nni.sqlite, or the JSON of nnictl experiment export"
    metric_origin: ClassVar[str] = "what the tuner optimises"
    parameter_origin: ClassVar[str] = "of the space, or observed"

    def recognises(self, path: Path) -> str | None:
        """Say why a database, a folder or a JSON file is NNI's."""
        if path.is_dir():
            return "it holds NNI's nni.sqlite" if any(one.name == DATABASE for one in first_paths(path)) else None
        if columns_if_any(path).keys() >= TABLES:
            return "it has the tables of an NNI experiment"
        return "its objects are those of nnictl experiment export" if _is_exported(path) else None

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind, ("metric",))
        if request.mapping:
            raise UsageError("The source nni has no columns to map.", "Name the metric: --option metric=NAME.")

    def files(self, request: Request) -> list[Path]:
        """Return the databases, or the JSON file."""
        path = request.path
        found = sorted(path.rglob(DATABASE)) if path.is_dir() else [path]
        if not found:
            raise IngestError(f"There is no {DATABASE} below {path}.", "Name the experiment's folder, or the file.")
        return found

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the databases with their logs, or of the JSON file."""
        self.check(request)
        files = self.files(request)
        return fingerprint_of(files, request.path) if files[0].suffix == ".json" else fingerprint_of_databases(files)

    def places(self, request: Request) -> list[Path]:
        """Return the files: each is an experiment."""
        return self.files(request)

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one file."""
        if place.suffix == ".json":
            return _content(_exported(place), {}, name, place, request)
        trials, told = _database(place)
        return _content(trials, told, name, place, request)


SOURCE = Nni()


def _is_exported(path: Path) -> bool:
    """Say whether a JSON file is a list of objects with a parameter and a value, by its beginning."""
    if path.suffix != ".json":
        return False
    try:
        with path.open("rb") as handle:
            start = handle.read(4000)
    except OSError:
        return False
    return (
        start.lstrip().startswith(b"[")
        and all(word in start for word in (b'"parameter"', b'"value"'))
        and (b'"trialJobId"' in start or b'"id"' in start)
    )


def _exported(path: Path) -> list[dict[str, Any]]:
    """Return the finished trials of an export as those of a database."""
    found = read_json(path)
    if not isinstance(found, list):
        raise IngestError(f"{path} is no list of trials.", "Write it with nnictl experiment export --type json.")
    trials = []
    for number, one in enumerate(found):
        parameters = _decoded(one.get("parameter")) if isinstance(one, dict) else None
        if not isinstance(parameters, dict):
            raise IngestError(f"{path}: trial {number + 1} has no parameter.", "Nothing was loaded.")
        name = str(one.get("trialJobId") or one.get("id") or number)
        final, steps = one.get("value"), one.get("intermediate") or []
        trials.append(
            {"name": name, "number": number, "status": "SUCCEEDED", "parameters": parameters, "times": {},
             "final": _decoded(final), "steps": list(enumerate(map(_decoded, steps)))}
        )  # fmt: skip
    return trials


def _database(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the trials of a database and the newest profile's parameters."""
    if not columns_in(path).keys() >= TABLES:
        raise IngestError(f"{path} has not the tables of an NNI experiment.", "Name its nni.sqlite.")
    found: dict[str, dict[str, Any]] = {}
    with opened(path) as connection:
        sql = "select timestamp, trialJobId, event, data, sequenceId from TrialJobEvent order by timestamp, rowid"
        for at, name, event, data, sequence in connection.execute(sql):
            if not name or (event not in STATUSES and event != "ADD_RESUMED"):
                continue  # what the user asked for, and imported data, which no trial ran
            trial = found.setdefault(
                str(name), {"name": str(name), "number": None, "status": event, "parameters": {}, "times": {},
                            "final": None, "steps": []}
            )  # fmt: skip
            trial["status"] = event if event in STATUSES else trial["status"]
            trial["times"].setdefault(event, at)
            if event in ENDED:
                trial["times"]["end"] = at
            given = _decoded(data)
            if not trial["parameters"] and isinstance(given, dict):
                trial["parameters"] = given.get("parameters") if isinstance(given.get("parameters"), dict) else given
            trial["number"] = sequence if trial["number"] is None else trial["number"]
        sql = "select trialJobId, type, sequence, data from MetricData order by timestamp, rowid"
        for name, kind, sequence, data in connection.execute(sql):
            if str(name) in found and kind == "FINAL":
                found[str(name)]["final"] = _decoded(data)
            elif str(name) in found and kind == "PERIODICAL":
                found[str(name)]["steps"].append((int(sequence or 0), _decoded(data)))
        told: dict[str, Any] = {}
        if "ExperimentProfile" in columns_in(path):
            rows = connection.execute("select params from ExperimentProfile order by revision desc limit 1").fetchall()
            told = _decoded(rows[0][0]) if rows and isinstance(_decoded(rows[0][0]), dict) else {}
    trials = sorted(found.values(), key=lambda one: (one["number"] is None, one["number"] or 0))
    return trials, told


def _decoded(text: Any) -> Any:
    """Return what a JSON text says; NNI packs some texts twice. None where it says nothing."""
    for _ in range(4):
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if not isinstance(text, str):
            return text
        try:
            text = json.loads(text)
        except ValueError:
            return text
    return text


def _content(trials: list[dict[str, Any]], told: dict[str, Any], name: str, place: Path, request: Request) -> Content:
    metric = str(request.options.get("metric") or OBJECTIVE)
    records, unread = [], 0
    for number, trial in enumerate(trials):
        record, is_read = _record(number, trial)
        records.append(record)
        unread += not is_read
    label = label_of(request, {}, str(place))
    direction, notes = _direction(metric, told, place, request)
    sweep = Sweep(
        name=name, tool="nni", metrics=[(metric, direction)],
        parameters=_space(told, records), run=label.run, benchmark=label.benchmark, search_space=label.search_space,
    )  # fmt: skip
    if unread:
        notes.append(f"Values that are neither a number nor an object with a number {OBJECTIVE!r}: {unread:,}.")
    return Content(sweep, records, notes)


def _direction(metric: str, told: dict[str, Any], place: Path, request: Request) -> tuple[str, list[str]]:
    """Return the direction and sentences: given, else the tuner's `optimize_mode`, else what the metric's name says.

    Raises:
        UsageError: nothing says it.
    """
    option = request.options.get("direction")
    tuner = told.get("tuner") if isinstance(told.get("tuner"), dict) else {}
    arguments = (tuner or {}).get("classArgs")
    mode = arguments.get("optimize_mode") if isinstance(arguments, dict) else None
    if option is None and mode in DIRECTIONS:
        return DIRECTIONS[str(mode)], []
    direction, is_known = direction_of(metric, option and str(option))
    if not is_known and not said_direction(metric):
        raise UsageError(
            f"{place}: is lower or higher better? Nothing says it of {metric!r}.",
            "Say --direction min or --direction max (and --option metric=NAME to call it by a name).",
        )
    return direction, [] if is_known else [assumed(metric, direction)]


def _record(number: int, trial: dict[str, Any]) -> tuple[Record, bool]:
    """Return a trial, and whether its values could be read."""
    status = STATUSES[trial["status"]]
    attributes: dict[str, Any] = {}
    if trial["status"] in ("USER_CANCELED", "SYS_CANCELED", "UNKNOWN"):
        attributes["nni_status"] = trial["status"]
    steps = [(step, _objective(found)) for step, found in trial["steps"]]
    values = [Value(0, value, step) for step, value in steps if value is not None]
    final = _objective(trial["final"])
    is_read = trial["final"] is None or final is not None
    if isinstance(trial["final"], dict):
        attributes |= {key: value for key, value in _flat(trial["final"]).items() if key != OBJECTIVE}
    if status == "finished":
        values.append(Value(0, final))
    elif final is not None:
        attributes["final"] = final
    times = {key: moment_of(at / 1000) for key, at in trial["times"].items() if isinstance(at, int | float)}
    return Record(
        name=trial["name"], number=number, status=status, parameters=_flat(trial["parameters"] or {}), values=values,
        attributes=attributes, started_at=times.get("RUNNING") or times.get("WAITING"), ended_at=times.get("end"),
    ), is_read  # fmt: skip


def _objective(found: Any) -> float | None:
    return number_of(found.get(OBJECTIVE) if isinstance(found, dict) else found)


def _flat(found: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested choices flat: a choice of objects is named by its `_name`, and its own parameters follow."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            own = dict(value)
            if "_name" in own:
                flat[f"{prefix}{name}"] = own.pop("_name")
            flat |= _flat(own, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _space(told: dict[str, Any], records: list[Record]) -> list[SweepParameter]:
    space = _decoded(told.get("searchSpace"))
    declared = space if isinstance(space, dict) else {}
    return [_parameter(one, declared.get(one.name)) for one in observed(records)]


def _parameter(seen: SweepParameter, declared: Any) -> SweepParameter:
    """Return what the space says of a hyperparameter that the trials have, else what was observed."""
    if not isinstance(declared, dict) or not isinstance(declared.get("_value"), list):
        return seen
    kind, values = str(declared.get("_type")), declared["_value"]
    if kind == "choice" and not any(isinstance(value, dict) for value in values):
        kinds = {cell.kind for value in values if (cell := read_cell(value)) is not None}
        return SweepParameter(name=seen.name, value_type=type_of(kinds or {"text"}), choices=json.dumps(values))
    numbers = [number_of(value) for value in values]
    if kind not in ("uniform", "quniform", "loguniform", "qloguniform", "randint") or None in numbers[:2]:
        return seen
    # The largest number of `randint` is not drawn.
    upper = (numbers[1] or 0.0) - (kind == "randint")
    is_log = kind in LOGARITHMIC
    return SweepParameter(
        name=seen.name, value_type=seen.value_type, scale="log" if is_log else "linear", lower=numbers[0], upper=upper,
        step=numbers[2] if kind == "quniform" and len(numbers) > 2 else None,
    )  # fmt: skip
