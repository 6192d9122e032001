"""DeepCAVE's own run folders: history.jsonl with configs.json, meta.json, configspace.json and origins.json.

Facts from DeepCAVE's `runs/run.py`, `trial.py` and `status.py`: a line of the history is `[config id, budget, costs,
start, end, status, additional]`, in newer versions with the seed after the budget; times count from the run's start;
`meta.json` names the objectives and which way each is better.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.sweeps.configspace import Space, read_space
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, Record, Value, number_of, observed
from hpowh.warehouse.sources.sweeps.steps import steps_of
from hpowh.warehouse.sources.sweeps.tables import Sweep
from hpowh.warehouse.sources.sweeps.tool_files import first_paths, read_json, read_texts

HISTORY, CONFIGS, META, SPACE, ORIGINS = (
    "history.jsonl",
    "configs.json",
    "meta.json",
    "configspace.json",
    "origins.json",
)
STATUSES = {1: "ok", 2: "timeout", 3: "memory", 4: "failed", 5: "failed", 6: "waiting"}
DIRECTIONS = {"lower": "min", "upper": "max"}
Key = tuple[str, int | None]
"""Configuration and seed: what makes a trial."""


class DeepCave(SweepSource):
    """`hpowh ingest deepcave FOLDER`: each folder with history.jsonl and configs.json is a sweep; budgets are steps."""

    kind: ClassVar[str] = "deepcave"
    summary: ClassVar[str] = "DeepCAVE run folders: history.jsonl, configs.json, meta.json"
    metric_origin: ClassVar[str] = f"an objective in {META}"
    parameter_origin: ClassVar[str] = f"in {CONFIGS}"

    def recognises(self, path: Path) -> str | None:
        """Say why a folder is one of DeepCAVE's."""
        if not path.is_dir():
            return None
        there = any(one.name == HISTORY and (one.parent / CONFIGS).is_file() for one in first_paths(path))
        return f"it holds DeepCAVE's {HISTORY} and {CONFIGS}" if there else None

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind)
        if request.mapping:
            raise UsageError("The source deepcave has no columns to map.", f"Objectives are named in {META}.")

    def files(self, request: Request) -> list[Path]:
        """Return every file that is read."""
        names = (HISTORY, CONFIGS, META, SPACE, ORIGINS)
        return [path for folder in self.places(request) for name in names if (path := folder / name).is_file()]

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each."""
        path = request.path
        if path.is_file():
            raise IngestError(f"{path} is a file.", f"Name the folder in which DeepCAVE wrote {HISTORY}.")
        found = sorted(one.parent for one in path.rglob(HISTORY) if (one.parent / CONFIGS).is_file())
        if not found:
            raise IngestError(f"There is no {HISTORY} with a {CONFIGS} below {path}.", "Name DeepCAVE's run folder.")
        return found

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one folder."""
        return _content(place, name, request)


SOURCE = DeepCave()


def _object(folder: Path, name: str) -> dict[str, Any]:
    found = read_json(folder / name) if (folder / name).is_file() else {}
    if not isinstance(found, dict):
        raise IngestError(f"{folder / name} is no JSON object.", "Nothing was loaded.")
    return found


def _content(folder: Path, name: str, request: Request) -> Content:
    configs, origins = _object(folder, CONFIGS), _object(folder, ORIGINS)
    metrics = _objectives(_object(folder, META), folder)
    space = read_space(read_json(folder / SPACE), str(folder / SPACE)) if (folder / SPACE).is_file() else Space([])
    found, problems, is_cut = _history(folder, configs, len(metrics))
    budgets = sorted({budget for trials in found.values() for budget in trials})
    steps = steps_of(budgets) if len(budgets) > 1 and all(map(math.isfinite, budgets)) else {}
    if len(budgets) > 1 and not steps:
        steps = {budget: place for place, budget in enumerate(budgets, start=1)}
    most = budgets[-1] if budgets else 0.0
    records = [
        _record(number, key, _active(configs[key[0]], space), origins.get(key[0]), trials, steps, most)
        for number, (key, trials) in enumerate(found.items())
    ]
    label = label_of(request, {}, str(folder))
    sweep = Sweep(
        name=name, tool="deepcave", metrics=metrics, parameters=space.parameters or observed(records), run=label.run,
        benchmark=label.benchmark, search_space=label.search_space, constraints=space.constraints(),
    )  # fmt: skip
    notes = ["The history ends within a line, which is left out."] if is_cut else []
    if steps:
        notes.append("Budgets are steps; what was not run on the largest one is pruned.")
    return Content(sweep, records, notes, problems)


def _objectives(meta: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    found = []
    listed = meta.get("objectives")
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict) or not one.get("name") or one.get("optimize", "lower") not in DIRECTIONS:
            raise IngestError(
                f"{folder / META} has an objective that is not DeepCAVE's: {one!r:.80}.", "Nothing was loaded."
            )
        found.append((str(one["name"]), DIRECTIONS[one.get("optimize", "lower")]))
    if not found or len(dict(found)) < len(found):
        raise IngestError(f"{folder / META} names no objectives, or one twice.", "Nothing was loaded.")
    return found


def _history(
    folder: Path, configs: dict[str, Any], width: int
) -> tuple[dict[Key, dict[float, list[Any]]], list[Problem], bool]:
    """Return trial -> budget -> costs, start, end, status, additional; lines that are none; whether the last is cut."""
    found: dict[Key, dict[float, list[Any]]] = {}
    problems: list[Problem] = []
    lines = read_texts(folder / HISTORY)
    for number, text in lines:
        try:
            line = json.loads(text)
        except ValueError as error:
            if number == lines[-1][0]:
                return found, problems, True
            problems.append(Problem(number, HISTORY, text[:80], f"no JSON: {error}"))
            continue
        seeded = isinstance(line, list) and len(line) == 8
        if not isinstance(line, list) or len(line) not in (7, 8) or not isinstance(configs.get(str(line[0])), dict):
            why = "it is no [config id, budget, (seed,) costs, start, end, status, additional] of a known configuration"
            problems.append(Problem(number, HISTORY, text[:80], why))
            continue
        seed = line[2] if seeded else None
        costs, *rest = line[3:] if seeded else line[2:]
        budget = number_of(line[1])
        costs = costs if isinstance(costs, list) else [costs]
        if len(costs) != width or rest[2] not in STATUSES or not (seed is None or isinstance(seed, int)):
            why = f"its costs are not {width}, its seed is no whole number, or its status is unknown"
            problems.append(Problem(number, HISTORY, text[:80], why))
            continue
        # DeepCAVE overwrites what a configuration had on the same budget; a run without budgets has none, or infinity.
        found.setdefault((str(line[0]), seed), {})[math.inf if budget is None else budget] = [costs, *rest]
    return found, problems, False


def _active(config: dict[str, Any], space: Space) -> dict[str, Any]:
    """Return a configuration without what is inactive, which older files hold as null."""
    return {name: value for name, value in config.items() if value is not None or name not in space.conditions}


def _record(
    number: int,
    key: Key,
    parameters: dict[str, Any],
    origin: Any,
    trials: dict[float, list[Any]],
    steps: dict[float, int],
    most: float,
) -> Record:
    values: list[Value] = []
    spent = 0.0
    for budget, (costs, start, end, status, _) in sorted(trials.items()):
        why = None if STATUSES[status] == "ok" else STATUSES[status]
        spent += max((number_of(end) or 0.0) - (number_of(start) or 0.0), 0.0)
        if why == "waiting":
            continue
        for position, cost in enumerate(costs):
            value = None if why else number_of(cost)
            if budget in steps:
                values.append(Value(position, value, steps[budget], why))
            if budget == most:
                values.append(Value(position, value, None, why))
    last_budget = max(trials)
    *_, status, additional = trials[last_budget]
    known = {"ok": "finished" if last_budget == most else "pruned", "waiting": "waiting"}
    attributes = {"config_id": key[0], "origin": origin, "seed": key[1]}
    if isinstance(additional, dict):
        attributes |= {f"additional.{name}": value for name, value in additional.items()}
    if math.isfinite(last_budget):
        attributes["budget"] = last_budget
    return Record(
        name=key[0] if key[1] is None else f"{key[0]} seed {key[1]}", number=number,
        status=known.get(STATUSES[status], "failed"), parameters=parameters, values=values,
        attributes={name: value for name, value in attributes.items() if value is not None}, duration=spent,
    )  # fmt: skip
