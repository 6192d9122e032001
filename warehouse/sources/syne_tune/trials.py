"""What Syne Tune's results mean: metrics and modes, steps, decisions, what became of a trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.sweeps.records import Record, Value, moment_of
from hpowh.warehouse.sources.sweeps.tool_files import read_json
from hpowh.warehouse.sources.syne_tune.files import Folder
from hpowh.warehouse.sources.tables.roles import assumed, direction_of, parse_role
from hpowh.warehouse.sources.trials.cells import read_number
from hpowh.warehouse.sources.trials.rows import flatten

CONFIG = "config_"
OWN = (
    "st_worker_timestamp", "st_worker_time", "st_worker_iter", "st_worker_cost", "st_decision", "st_status",
    "trial_id", "st_tuner_time",
)  # fmt: skip
KEPT = {"st_worker_cost": "dollar_cost", "st_tuner_time": "tuner_time", "st_decision": "decision"}
"""Column of Syne Tune's own -> attribute of the trial (its last value)."""
INTERNAL = (
    "tune_function_root",
    "tune_function_hash",
    "st_checkpoint_dir",
    "st_config_json_filename",
    "st_remote_tuner",
)
"""Entries of a configuration that a backend adds."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which column is what."""

    columns: list[str]
    """Columns of the metrics."""
    metrics: list[tuple[str, str]]
    """(name, direction) in the same order."""
    step: str | None
    max_step: float | None
    ignored: frozenset[str]
    is_pruned: bool


@dataclass
class Read:
    """The trials that could be read."""

    records: list[Record] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def plan_of(folder: Folder, request: Request) -> tuple[Plan, list[str]]:
    """Return what the columns are, and sentences on what was assumed.

    Raises:
        UsageError: the metric is not known, or a given column is not in the results.
    """
    roles = {
        column: parse_role(text, ("metric", "attribute", "ignore"), column) for column, text in request.mapping.items()
    }
    missing = sorted(set(roles) - set(folder.header)) if folder.header else []
    if missing:
        raise UsageError(f"The results have no column {missing[0]!r}.", f"Columns: {', '.join(folder.header)}.")
    declared = [str(name) for name in folder.metadata.get("metric_names") or []]
    columns = [column for column, role in roles.items() if role.name == "metric"] or declared
    if not columns:
        free = [c for c in folder.header if c not in OWN and not c.startswith(CONFIG)]
        raise UsageError(
            f"{folder.place}: which column is the metric?", f"Say --map COLUMN=metric. Columns: {', '.join(free)}."
        )
    modes = folder.metadata.get("metric_mode")
    by_name = dict(zip(declared, modes if isinstance(modes, list) else [modes] * len(declared), strict=False))
    option = request.options.get("direction")
    metrics, notes = [], []
    for column in columns:
        name = (roles[column].argument if column in roles else None) or column
        direction, is_given = direction_of(name, option and str(option))
        if not is_given and by_name.get(column) in ("min", "max"):
            direction, is_given = by_name[column], True
        if not is_given:
            notes.append(assumed(name, direction))
        metrics.append((name, direction))
    scheduler = folder.metadata.get("scheduler_kwargs") or {}
    step = request.options.get("step") or scheduler.get("time_attr") or folder.metadata.get("resource_attr")
    if request.options.get("step") and step not in folder.header:
        raise UsageError(
            f"The results have no column {step!r} to count steps.", f"Columns: {', '.join(folder.header)}."
        )
    ignored = frozenset(column for column, role in roles.items() if role.name == "ignore")
    most = scheduler.get("max_t")
    is_pruned = request.options.get("stopped", "pruned") == "pruned"
    known = str(step) if step in folder.header else None
    return Plan(
        columns=columns,
        metrics=metrics,
        step=known,
        max_step=float(most) if most is not None else None,
        ignored=ignored,
        is_pruned=is_pruned,
    ), notes


def trials_in(folder: Folder, plan: Plan) -> Read:
    """Return the trials: those with reports, and those that only have a folder of their own.

    Raises:
        IngestError: the results have no column trial_id.
    """
    read = Read()
    rows: dict[int, list[dict[str, str]]] = {}
    if folder.header and "trial_id" not in folder.header:
        raise IngestError(f"{folder.results()} has no column trial_id.", "It is no results file of Syne Tune.")
    for number, cells in enumerate(folder.rows, start=1):
        row = _row(folder, number, cells, plan, read.problems)
        if row is not None:
            rows.setdefault(int(row["trial_id"]), []).append(row)
    statuses: Counter[str] = Counter()
    for trial in sorted({*rows, *folder.trials}):
        reports = rows.get(trial, [])
        status = _status(folder, trial, reports, plan)
        statuses[status] += 1
        read.records.append(_record(folder, trial, reports, status, plan))
    read.notes += _notes(folder, rows, statuses, plan)
    return read


def _row(folder: Folder, number: int, cells: list[str], plan: Plan, problems: list[Problem]) -> dict[str, str] | None:
    if len(cells) != len(folder.header):
        why = f"it has {len(cells)} fields, the header {len(folder.header)}"
        problems.append(Problem(number, "(whole row)", ",".join(cells)[:80], why))
        return None
    row = dict(zip(folder.header, cells, strict=True))
    if not row["trial_id"].strip().isdecimal():
        problems.append(Problem(number, "trial_id", row["trial_id"], "it is no number of a trial"))
        return None
    for column in plan.columns:
        if not read_number(row.get(column))[1]:
            problems.append(Problem(number, column, str(row.get(column))[:80], "the metric is no number"))
            return None
    return row


def _status(folder: Folder, trial: int, reports: list[dict[str, str]], plan: Plan) -> str:
    """Return what became of a trial. Syne Tune's st_status is that at the time of the report, mostly InProgress."""
    if any(row.get("st_status") == "Failed" for row in reports):
        return "failed"
    decision = reports[-1].get("st_decision") if reports else None
    at = read_number(reports[-1].get(plan.step))[0] if reports and plan.step else None
    is_whole = plan.max_step is not None and at is not None and at >= plan.max_step
    if decision in ("STOP", "PAUSE") and not is_whole:
        return "pruned" if plan.is_pruned else "finished"
    if is_whole or decision == "STOP":
        return "finished"
    place = folder.trials.get(trial)
    if place is None:
        return "finished" if reports else "waiting"
    if (place / "stop").is_file():  # ended with the tuner
        return "pruned" if plan.is_pruned or not reports else "finished"
    if not (place / "end").is_file():
        return "running"
    return "finished" if reports else "failed"


def _record(folder: Folder, trial: int, reports: list[dict[str, str]], status: str, plan: Plan) -> Record:
    values: dict[tuple[int, int | None], Value] = {}
    for position, column in enumerate(plan.columns):
        last = None
        for place, row in enumerate(reports, start=1):
            number = last = read_number(row.get(column))[0]
            if number is None:
                continue
            at = read_number(row.get(plan.step))[0] if plan.step else None
            step = int(at) if at is not None and float(at).is_integer() else place
            values[position, step] = Value(position, number, step)
        if status == "finished":
            values[position, None] = Value(position, last)
    last_row = reports[-1] if reports else {}
    attributes: dict[str, Any] = {KEPT[name]: _plain(last_row[name]) for name in KEPT if last_row.get(name)}
    attributes.update(
        (name, _plain(cell))
        for name, cell in last_row.items()
        if cell != "" and not name.startswith(CONFIG) and name not in {*OWN, *plan.columns, *plan.ignored}
    )
    moments = [moment for row in reports if (moment := moment_of(_plain(row.get("st_worker_timestamp", ""))))]
    spans = [read_number(row.get("st_worker_time"))[0] for row in reports]
    duration = next((span for span in reversed(spans) if span is not None), None)
    ended = None if status in ("running", "waiting") else max(moments, default=None)
    return Record(
        name=str(trial),
        number=trial,
        status=status,
        parameters=_config(folder, trial, last_row),
        values=list(values.values()),
        attributes=attributes,
        started_at=min(moments, default=None),
        ended_at=ended,
        duration=duration,
    )


def _config(folder: Folder, trial: int, row: dict[str, str]) -> dict[str, Any]:
    """Return the configuration: the trial's config.json, which keeps types, else the columns of the results."""
    place = folder.trials.get(trial)
    if place is not None and (place / "config.json").is_file():
        found = read_json(place / "config.json")
        if isinstance(found, dict):
            return {name: value for name, value in flatten(found) if name not in INTERNAL}
    return {
        name.removeprefix(CONFIG): cell
        for name, cell in row.items()
        if name.startswith(CONFIG) and cell != "" and name.removeprefix(CONFIG) not in INTERNAL
    }


def _plain(cell: str) -> Any:
    number, is_number = read_number(cell)
    return number if is_number and number is not None else cell


def _notes(folder: Folder, rows: dict[int, list[dict[str, str]]], statuses: Counter[str], plan: Plan) -> list[str]:
    notes = []
    if statuses["pruned"]:
        notes.append(
            f"{statuses['pruned']} trials were ended by the scheduler or with the tuner: pruned here; "
            "--option stopped=finished takes their last values as final."
        )
    silent = len(set(folder.trials) - set(rows))
    if silent:
        notes.append(f"{silent} trials never reported; they are known by their folders.")
    if not folder.trials:
        notes.append(
            "The trials' own folders are absent: a trial that failed after its first report looks finished, and one "
            "that never reported is not there."
        )
    empty = sum(
        row.get(column, "") == "" for row in (one for all_ in rows.values() for one in all_) for column in plan.columns
    )
    if empty:
        notes.append(f"{empty} cells of a metric are empty: Syne Tune writes NaN so, too; they count as missing.")
    if not plan.step and rows:
        notes.append("No column counts the steps: they are the reports, in order (--option step=COLUMN).")
    return notes
