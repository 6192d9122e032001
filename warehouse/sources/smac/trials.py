"""SMAC's run history: status codes, costs of crashed runs, seeds, instances, budgets.

Facts from SMAC's `runhistory.py`: 1 writes each run as a list of key and value, 2.0 to 2.2 as one list, 2.3 and 2.4 as
an object with `cpu_time`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.sweeps.configspace import Space
from hpowh.warehouse.sources.sweeps.records import Content, Record, Value, moment_of, number_of
from hpowh.warehouse.sources.sweeps.steps import steps_of
from hpowh.warehouse.sources.sweeps.tables import Sweep

KEYS = ("config_id", "instance", "seed", "budget", "cost", "time", "status", "starttime", "endtime", "additional_info")
STATUSES = {0: "running", 1: "ok", 2: "failed", 3: "timeout", 4: "memory"}
"""`StatusType` of SMAC -> the warehouse's word for the value."""


SMAC_1 = {
    "SUCCESS": 1, "DONOTADVANCE": 1, "CRASHED": 2, "ABORT": 2, "TIMEOUT": 3, "CAPPED": 3, "MEMOUT": 4, "RUNNING": 0,
}  # fmt: skip
"""`StatusType` of SMAC 1, by name -> that of SMAC 2."""


@dataclass(frozen=True)
class Scenario:
    """What of scenario.json matters here."""

    objectives: tuple[str, ...] = ()
    facade: str | None = None
    seed: int | None = None
    max_budget: float | None = None

    @classmethod
    def of(cls, found: Any, metric: str) -> Scenario:
        """Read the scenario (None: there is none); `metric` names the objective instead."""
        found = found if isinstance(found, dict) else {}
        objectives = found.get("objectives") or ()
        named = (metric,) if metric else (objectives,) if isinstance(objectives, str) else tuple(objectives)
        facade = (found.get("_meta") or {}).get("facade", {}).get("name")
        return cls(named, facade, found.get("seed"), found.get("max_budget"))

    def metrics(self, count: int, where: str) -> list[tuple[str, str]]:
        """Return name and direction of each of `count` objectives; SMAC minimises all of them."""
        named = self.objectives or (("cost",) if count == 1 else tuple(f"cost_{i}" for i in range(count)))
        if len(named) != count:
            raise IngestError(
                f"{where} has {count} costs a run, and the objectives are named {', '.join(named)}.",
                "Name them in scenario.json, or leave the option metric away.",
            )
        return [(name, "min") for name in named]


@dataclass
class _Run:
    """One evaluation as SMAC keeps it."""

    key: tuple[str, str | None, int | None]
    budget: float | None
    costs: list[float | None]
    status: str
    entry: dict[str, Any]


@dataclass
class _Read:
    runs: list[_Run] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def records_of(history: Any, scenario: Scenario, space: Space, where: str, name: str) -> Content:
    """Return the trials: one a configuration, instance and seed; its budgets are steps.

    A run that crashed, or ran out of time or memory, has no value: SMAC stores a made-up cost (`crash_cost`) for it,
    which is kept as the attribute `cost_stored`. A configuration that was not run on the largest budget is `pruned`.

    Raises:
        IngestError: it is no run history of SMAC, or the number of costs changes.
    """
    if not isinstance(history, dict) or not isinstance(history.get("data"), list) or "configs" not in history:
        raise IngestError(f"{where} is no run history of SMAC.", "Name SMAC's output folder.")
    read = _Read()
    for row, entry in enumerate(history["data"], start=1):
        _add(read, row, entry, history["configs"], where)
    count = max((len(run.costs) for run in read.runs), default=len(scenario.objectives) or 1)
    metrics = scenario.metrics(count, where)
    budgets = sorted({run.budget for run in read.runs if run.budget is not None})
    most = scenario.max_budget if scenario.max_budget is not None else (budgets[-1] if budgets else None)
    steps = _steps(budgets)
    origins = history.get("config_origins") or {}
    grouped: dict[tuple[str, str | None, int | None], list[_Run]] = {}
    for run in read.runs:
        grouped.setdefault(run.key, []).append(run)
    records = [
        _record(number, runs, history["configs"][key[0]], space, steps, most, origins.get(key[0]))
        for number, (key, runs) in enumerate(grouped.items())
    ]
    notes = _notes(read.runs, steps, budgets, grouped)
    return Content(Sweep(name=name, tool="smac", metrics=metrics), records, notes, read.problems)


def _add(read: _Read, row: int, entry: Any, configs: Mapping[str, Any], where: str) -> None:
    item = dict(zip(KEYS, entry, strict=False)) if isinstance(entry, list) else entry
    if isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, list) for part in entry):
        item = _of_smac_1(*entry)
    if not isinstance(item, dict) or not {"config_id", "cost", "status"} <= item.keys():
        read.problems.append(Problem(row, "data", str(entry)[:80], "it is no run as SMAC writes it"))
        return
    status = STATUSES.get(item["status"]) if isinstance(item["status"], int) else None
    if status is None:
        read.problems.append(Problem(row, "status", str(item["status"]), f"known: {', '.join(map(str, STATUSES))}"))
        return
    config = str(item["config_id"])
    if not isinstance(configs.get(config), dict):
        read.problems.append(Problem(row, "config_id", config, "the file has no such configuration"))
        return
    stored = item["cost"] if isinstance(item["cost"], list) else [item["cost"]]
    costs = [number_of(one) for one in stored]
    budget = number_of(item.get("budget"))
    read.runs.append(_Run((config, item.get("instance"), item.get("seed")), budget, costs, status, item))


def _of_smac_1(key: list[Any], value: list[Any]) -> dict[str, Any]:
    """Return a run as SMAC 1 (and auto-sklearn) writes it: a key of three or four parts, a value of four to six.

    Its status is an enumeration's name (before 0.5 its number, unlike SMAC 2's). What was only not advanced was
    evaluated; a run that was capped (it took longer than the incumbent) has no value. Budget 0 is none.
    """
    names = ("cost", "time", "status", "starttime", "endtime", "additional_info")
    parts = value if len(value) > 4 else [*value[:3], None, None, *value[3:]]
    item = dict(zip(("config_id", "instance", "seed", "budget"), key, strict=False)) | dict(
        zip(names, parts, strict=False)
    )
    status = item.get("status")
    if isinstance(status, dict):
        item["status"] = SMAC_1.get(str(status.get("__enum__")).rpartition(".")[2], status)
    elif isinstance(status, int):
        item["status"] = {2: 3, 3: 2, 4: 2, 5: 4}.get(status, status)
    if not item.get("budget"):
        item["budget"] = None
    return item


def _steps(budgets: list[float]) -> dict[float | None, int | None]:
    """Return budget -> step, and none where there is no budget."""
    found: dict[float | None, int | None] = {None: None}
    for budget, step in steps_of(budgets).items():
        found[budget] = step
    return found


def _record(
    number: int,
    runs: list[_Run],
    config: dict[str, Any],
    space: Space,
    steps: dict[float | None, int | None],
    most: float | None,
    origin: str | None,
) -> Record:
    runs = sorted(runs, key=lambda run: run.budget or 0.0)
    last = runs[-1]
    is_short = most is not None and last.budget is not None and last.budget < most
    status = {"ok": "pruned" if is_short else "finished", "running": "running"}.get(last.status, "failed")
    values = []
    for run in runs:
        is_final = run is last and not is_short
        why = None if run.status == "ok" else run.status
        for position, cost in enumerate(run.costs):
            if run.status == "running":
                continue
            if run.budget is not None:
                values.append(Value(position, None if why else cost, steps[run.budget], why))
            if is_final or run.budget is None:
                values.append(Value(position, None if why else cost, None, why))
    started = [moment for run in runs if (moment := moment_of(run.entry.get("starttime"))) is not None]
    ended = [moment for run in runs if (moment := moment_of(run.entry.get("endtime"))) is not None]
    times = [time for run in runs if (time := number_of(run.entry.get("time"))) is not None]
    return Record(
        name=":".join(str(part) for part in last.key if part is not None),
        number=number,
        status=status,
        parameters={name: v for name, v in config.items() if v is not None or name not in space.conditions},
        values=values,
        attributes=_attributes(runs, origin),
        started_at=min(started, default=None),
        ended_at=None if status == "running" else max(ended, default=None),
        duration=sum(times) if times else None,
    )


def _attributes(runs: list[_Run], origin: str | None) -> dict[str, Any]:
    last = runs[-1]
    found: dict[str, Any] = {
        "config_id": last.key[0],
        "instance": last.key[1],
        "seed": last.key[2],
        "budget": last.budget,
        "origin": origin,
        "cpu_time": last.entry.get("cpu_time"),
    }
    if last.status not in ("ok", "running"):
        found["cost_stored"] = last.entry["cost"]
    info = last.entry.get("additional_info")
    if isinstance(info, dict):
        found.update({f"additional_info.{name}": value for name, value in info.items()})
    return {name: value for name, value in found.items() if value is not None}


def _notes(
    runs: list[_Run],
    steps: dict[float | None, int | None],
    budgets: list[float],
    grouped: Mapping[tuple[str, str | None, int | None], list[_Run]],
) -> list[str]:
    notes = []
    bad = Counter(run.status for run in runs if run.status not in ("ok", "running"))
    if bad:
        counted = ", ".join(f"{count:,} {status}" for status, count in sorted(bad.items()))
        notes.append(f"Runs without a value: {counted}; the cost that SMAC stores for them is kept as an attribute.")
    keys = {(key[1], key[2]) for key in grouped}
    if len(keys) > 1:
        notes.append("A trial is one configuration on one instance with one seed; both are attributes.")
    if budgets:
        as_places = [f"{step}: {budget:g}" for budget, step in steps.items() if budget is not None and step != budget]
        told = f" (steps are places of budgets: {', '.join(as_places)})" if as_places else ""
        notes.append(f"Budgets are steps{told}; what was not run on the largest one is pruned.")
    return notes
