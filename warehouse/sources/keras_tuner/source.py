"""Keras Tuner's project folders: a trial.json a trial, with space, values, metrics by step, score, status.

Facts from Keras Tuner's `trial.py` and `hyperparameters.py`: observations hold one value an execution of the trial, and
the objective is not stored; it is the metric whose values the trials' scores are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, Record, Value, number_of, observed
from hpowh.warehouse.sources.sweeps.tables import Sweep, SweepParameter
from hpowh.warehouse.sources.sweeps.tool_files import first_paths, read_json

TRIAL, ORACLE = "trial.json", "oracle.json"
STATUSES = {
    "COMPLETED": "finished", "RUNNING": "running", "IDLE": "waiting", "FAILED": "failed", "INVALID": "failed",
    "STOPPED": "pruned",
}  # fmt: skip
SCALES = {"log": "log", "reverse_log": "linear", "linear": "linear"}
OWN = "tuner/"
"""Values that the tuner itself keeps among the hyperparameters (epochs, bracket, the trial that is continued)."""


class KerasTuner(SweepSource):
    """`hpowh ingest keras-tuner FOLDER`: every project (a folder with trial_…/trial.json) below it is a sweep.

    The metric is the one whose values the scores are; `--option metric=NAME` names another one that was logged.
    """

    kind: ClassVar[str] = "keras-tuner"
    summary: ClassVar[str] = "Keras Tuner project folders: space, values, metrics and score of every trial"
    metric_origin: ClassVar[str] = "the scores are its values, or as named"
    parameter_origin: ClassVar[str] = "of the space"

    def recognises(self, path: Path) -> str | None:
        """Say why a folder is one of Keras Tuner's."""
        if not path.is_dir():
            return None
        there = any(one.match(f"trial_*/{TRIAL}") for one in first_paths(path))
        return f"it holds Keras Tuner's trial_…/{TRIAL}" if there else None

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind, ("metric",))
        if request.mapping:
            raise UsageError("The source keras-tuner has no columns to map.", "Name the metric: --option metric=NAME.")

    def files(self, request: Request) -> list[Path]:
        """Return every file that is read."""
        found = []
        for project in _projects(request):
            found += sorted(project.glob(f"trial_*/{TRIAL}"))
            found += [project / ORACLE] if (project / ORACLE).is_file() else []
        return found

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each."""
        return _projects(request)

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one folder."""
        return _content(place, name, request)


def _projects(request: Request) -> list[Path]:
    path = request.path
    if path.is_file():
        raise IngestError(f"{path} is a file.", "Name the project's folder (directory/project_name).")
    found = sorted({one.parent.parent for one in path.rglob(f"trial_*/{TRIAL}")})
    if not found:
        raise IngestError(f"There is no trial_…/{TRIAL} below {path}.", "Name the project's folder.")
    return found


def _content(project: Path, name: str, request: Request) -> Content:
    read = [(path, read_json(path)) for path in sorted(project.glob(f"trial_*/{TRIAL}"))]
    for path, trial in read:
        if not isinstance(trial, dict) or not isinstance((trial.get("hyperparameters") or {}).get("values"), dict):
            raise IngestError(f"{path} is no trial as Keras Tuner writes it.", "A newer hpowh may know it.")
    oracle = read_json(project / ORACLE) if (project / ORACLE).is_file() else {}
    order = {str(key): at for at, key in enumerate(oracle.get("start_order") or [])}
    trials = sorted((t for _, t in read), key=lambda t: (order.get(str(t.get("trial_id")), len(order)), _place(t)))
    metric, direction, notes = _objective(project, trials, request)
    records = [_record(number, trial, metric) for number, trial in enumerate(trials)]
    label = label_of(request, {"seed": oracle.get("seed")}, str(project))
    sweep = Sweep(
        name=name, tool="keras-tuner", metrics=[(metric, direction)], parameters=_space(trials, records),
        run=label.run, benchmark=label.benchmark, search_space=label.search_space,
    )  # fmt: skip
    return Content(sweep, records, notes)


def _place(trial: dict[str, Any]) -> tuple[int, str]:
    name = str(trial.get("trial_id"))
    return (int(name), "") if name.isdecimal() else (0, name)


def _observations(trial: dict[str, Any], metric: str) -> list[tuple[int, float]]:
    """Return step and mean over the executions."""
    found = ((trial.get("metrics") or {}).get("metrics") or {}).get(metric) or {}
    rows = []
    for one in found.get("observations") or []:
        values = [number for v in one.get("value") or [] if (number := number_of(v)) is not None]
        if values:
            rows.append((int(one.get("step") or 0), sum(values) / len(values)))
    return rows


def _objective(project: Path, trials: Sequence[dict[str, Any]], request: Request) -> tuple[str, str, list[str]]:
    """Return metric, direction, and sentences."""
    known: dict[str, str] = {}
    for trial in trials:
        for metric, one in ((trial.get("metrics") or {}).get("metrics") or {}).items():
            known.setdefault(metric, "max" if (one or {}).get("direction") == "max" else "min")
    wanted = request.options.get("metric")
    if wanted is not None:
        if wanted not in known:
            raise UsageError(f"No trial has a metric {wanted!r}.", f"Metrics: {', '.join(known) or 'none'}.")
        return str(wanted), str(request.options.get("direction") or known[str(wanted)]), []
    scored = [trial for trial in trials if number_of(trial.get("score")) is not None]
    if not scored:
        return "score", str(request.options.get("direction") or "min"), ["No trial has a score yet."]
    fits = [
        metric
        for metric in known
        if all(any(math.isclose(v, t["score"], rel_tol=1e-9) for _, v in _observations(t, metric)) for t in scored)
    ]
    if len(fits) != 1:
        why = "Its objective is not stored, and the scores are the values of "
        why += f"each of {', '.join(fits)}" if fits else "no metric"
        raise UsageError(
            f"{project}: which metric is the objective? {why}.",
            f"Say --option metric=NAME. Metrics: {', '.join(known) or 'none'}.",
        )
    return fits[0], str(request.options.get("direction") or known[fits[0]]), []


def _record(number: int, trial: dict[str, Any], metric: str) -> Record:
    status = STATUSES.get(str(trial.get("status")), "failed")
    values = [Value(0, value, step) for step, value in _observations(trial, metric)]
    score, best = number_of(trial.get("score")), trial.get("best_step")
    own = dict(_observations(trial, metric))
    if status == "finished":
        final = own.get(best) if isinstance(best, int) else None
        values.append(Value(0, score if final is None else final))
    parameters = {name: value for name, value in _active(trial).items() if not name.startswith(OWN)}
    held = trial["hyperparameters"]["values"]
    attributes = {name: value for name, value in held.items() if name.startswith(OWN)}
    attributes |= {"score": score, "best_step": best}
    if trial.get("message"):
        attributes["error_message"] = str(trial["message"])[-2000:]
    for other in (trial.get("metrics") or {}).get("metrics") or {}:
        found = dict(_observations(trial, other))
        if other != metric and best in found:
            attributes[other] = found[best]
    return Record(
        name=str(trial.get("trial_id") or number), number=number, status=status, parameters=parameters,
        values=values, attributes={name: value for name, value in attributes.items() if value is not None},
    )  # fmt: skip


def _active(trial: dict[str, Any]) -> dict[str, Any]:
    """Return the values whose conditions hold: Keras Tuner keeps defaults of what a trial did not have."""
    space = trial["hyperparameters"].get("space") or []
    values = trial["hyperparameters"]["values"]
    inactive = set()
    for one in space:
        config = one.get("config") or {}
        for condition in config.get("conditions") or []:
            own = condition.get("config") or {}
            if own.get("name") in values and values[own["name"]] not in (own.get("values") or []):
                inactive.add(config.get("name"))
    return {name: value for name, value in values.items() if name not in inactive}


def _space(trials: Sequence[dict[str, Any]], records: Sequence[Record]) -> list[SweepParameter]:
    """Return what the trials' spaces declare, the largest range where it changed, and what was only observed."""
    found: dict[str, SweepParameter] = {}
    for trial in trials:
        for one in trial["hyperparameters"].get("space") or []:
            config = one.get("config") or {}
            name = config.get("name")
            if isinstance(name, str) and not name.startswith(OWN):
                found[name] = _parameter(str(one.get("class_name")), name, config)
    there = observed(records)
    return [found.get(p.name, p) for p in there]


def _parameter(kind: str, name: str, config: dict[str, Any]) -> SweepParameter:
    if kind == "Boolean":
        return SweepParameter(name=name, value_type="bool", choices="[true, false]")
    if kind in ("Choice", "Fixed"):
        values = config.get("values") or [config.get("value")]
        types = {"bool" if isinstance(v, bool) else "int" if isinstance(v, int) else
                 "float" if isinstance(v, float) else "text" for v in values}  # fmt: skip
        value_type = types.pop() if len(types) == 1 else "float" if types == {"int", "float"} else "mixed"
        # An ordered choice of numbers is a number of few values, as Keras Tuner means it.
        is_number = value_type in ("int", "float") and bool(config.get("ordered"))
        return SweepParameter(name=name, value_type=value_type, choices=None if is_number else json.dumps(values))
    return SweepParameter(
        name=name,
        value_type="int" if kind == "Int" else "float",
        scale=SCALES.get(str(config.get("sampling") or "linear"), "linear"),
        lower=number_of(config.get("min_value")),
        upper=number_of(config.get("max_value")),
        # A step on a logarithmic scale is a factor, which the warehouse has no word for.
        step=number_of(config.get("step")) if config.get("sampling") in (None, "linear") else None,
    )


SOURCE = KerasTuner()
