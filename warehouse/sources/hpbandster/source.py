"""HpBandSter's result folders (Hyperband, BOHB, random search): configs.json and results.json, a JSON list a line.

Facts from HpBandSter's `core/result.py` (`json_result_logger`): a configuration is `[id, config, info]`, a result `[id,
budget, {submitted, started, finished}, {loss, info} or null, exception or null]`; an id is `[iteration, stage, place]`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.sweeps.configspace import Space, read_space
from hpowh.warehouse.sources.sweeps.folder import SweepSource
from hpowh.warehouse.sources.sweeps.labels import check_options, label_of
from hpowh.warehouse.sources.sweeps.records import Content, Record, Value, moment_of, number_of, observed
from hpowh.warehouse.sources.sweeps.steps import steps_of
from hpowh.warehouse.sources.sweeps.tables import Sweep
from hpowh.warehouse.sources.sweeps.tool_files import first_paths, read_json, read_texts

CONFIGS, RESULTS, SPACE = "configs.json", "results.json", "configspace.json"


class HpBandSter(SweepSource):
    """`hpowh ingest hpbandster FOLDER`: every folder with configs.json and results.json is a sweep.

    The metric is HpBandSter's `loss`, which it minimises; `--option metric=NAME` names it. Budgets are steps.
    """

    kind: ClassVar[str] = "hpbandster"
    summary: ClassVar[str] = "HpBandSter result folders (BOHB, Hyperband): configs.json, results.json"
    metric_origin: ClassVar[str] = "HpBandSter's loss"
    parameter_origin: ClassVar[str] = f"in {CONFIGS}"

    def recognises(self, path: Path) -> str | None:
        """Say why a folder is one of HpBandSter's."""
        if not path.is_dir():
            return None
        there = any(one.name == CONFIGS and (one.parent / RESULTS).is_file() for one in first_paths(path))
        return f"it holds HpBandSter's {CONFIGS} and {RESULTS}" if there else None

    def check(self, request: Request) -> None:
        """Refuse options and mappings that mean nothing here."""
        check_options(request, self.kind, ("metric",))
        if request.mapping:
            raise UsageError("The source hpbandster has no columns to map.", "Name the loss with --option metric=NAME.")

    def files(self, request: Request) -> list[Path]:
        """Return every file that is read."""
        return [
            path
            for folder in _folders(request)
            for name in (CONFIGS, RESULTS, SPACE)
            if (path := folder / name).is_file()
        ]

    def places(self, request: Request) -> list[Path]:
        """Return the folders that hold a sweep each."""
        return _folders(request)

    def content(self, place: Path, name: str, request: Request) -> Content:
        """Read the sweep of one folder."""
        return _content(place, name, request)


def _folders(request: Request) -> list[Path]:
    path = request.path
    if path.is_file():
        raise IngestError(f"{path} is a file.", f"Name the folder in which HpBandSter wrote {CONFIGS} and {RESULTS}.")
    found = sorted(one.parent for one in path.rglob(RESULTS) if (one.parent / CONFIGS).is_file())
    if not found:
        raise IngestError(f"There is no {CONFIGS} with a {RESULTS} below {path}.", "Name HpBandSter's result folder.")
    return found


def _content(folder: Path, name: str, request: Request) -> Content:
    problems: list[Problem] = []
    configs: dict[tuple[int, ...], tuple[dict[str, Any], dict[str, Any]]] = {}
    for number, entry in _entries(folder / CONFIGS, problems):
        match entry:
            case [[*key], dict() as config, *rest]:
                configs[tuple(key)] = (config, rest[0] if rest and isinstance(rest[0], dict) else {})
            case _:
                problems.append(Problem(number, CONFIGS, str(entry)[:80], "it is no [id, configuration, info]"))
    results: dict[tuple[int, ...], list[list[Any]]] = {}
    for number, entry in _entries(folder / RESULTS, problems):
        match entry:
            case [[*key], int() | float(), dict(), *_] if tuple(key) in configs:
                results.setdefault(tuple(key), []).append(entry)
            case _:
                why = "it is no [id, budget, times, result, exception] of a known configuration"
                problems.append(Problem(number, RESULTS, str(entry)[:80], why))
    budgets = sorted({float(entry[1]) for entries in results.values() for entry in entries})
    steps = steps_of(budgets)
    records = [
        _record(number, key, *configs[key], results.get(key, []), steps, budgets[-1] if budgets else 0.0)
        for number, key in enumerate(configs)
    ]
    metric = str(request.options.get("metric") or "loss")
    label = label_of(request, {}, str(folder))
    space = read_space(read_json(folder / SPACE), str(folder / SPACE)) if (folder / SPACE).is_file() else Space([])
    sweep = Sweep(
        name=name, tool="hpbandster", metrics=[(metric, "min")], parameters=space.parameters or observed(records),
        run=label.run, benchmark=label.benchmark, search_space=label.search_space, constraints=space.constraints(),
    )  # fmt: skip
    return Content(sweep, records, _notes(records, steps), problems)


def _entries(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Any]]:
    """Yield line and value; a last line that is cut off is left out, as it is being written."""
    lines = read_texts(path)
    for number, text in lines:
        try:
            yield number, json.loads(text)
        except ValueError as error:
            if number < lines[-1][0]:
                problems.append(Problem(number, path.name, text[:80], f"no JSON: {error}"))


def _record(
    number: int,
    key: tuple[int, ...],
    config: dict[str, Any],
    info: dict[str, Any],
    entries: list[list[Any]],
    steps: dict[float, int],
    most: float,
) -> Record:
    entries = sorted(entries, key=lambda entry: float(entry[1]))
    values, error, is_open = [], None, not entries
    for entry in entries:
        budget, result = float(entry[1]), entry[3] if len(entry) > 3 else None
        loss = number_of(result.get("loss")) if isinstance(result, dict) else None
        error = str(entry[4]) if len(entry) > 4 and entry[4] else None
        why = "failed" if loss is None else None
        values.append(Value(0, loss, steps[budget], why))
        if budget == most:
            values.append(Value(0, loss, None, why))
    last = entries[-1] if entries else None
    is_failed = last is not None and values[-1].status == "failed"
    status = "waiting" if is_open else "failed" if is_failed else "finished"
    if last is not None and not is_failed and float(last[1]) < most:
        status = "pruned"
    times = [entry[2] for entry in entries]
    started = [moment for one in times if (moment := moment_of(one.get("started"))) is not None]
    ended = [moment for one in times if (moment := moment_of(one.get("finished"))) is not None]
    spent = [one["finished"] - one["started"] for one in times if {"finished", "started"} <= one.keys()]
    attributes = {"info." + name: value for name, value in info.items()}
    result_info = last[3].get("info") if last is not None and isinstance(last[3], dict) else None
    if isinstance(result_info, dict):
        attributes |= {f"result.{name}": value for name, value in result_info.items()}
    if error:
        attributes["error"] = error
    if last is not None:
        attributes["budget"] = last[1]
    return Record(
        name=".".join(map(str, key)), number=number, status=status, parameters=config, values=values,
        attributes=attributes, started_at=min(started, default=None),
        ended_at=max(ended, default=None), duration=sum(spent) if spent else None,
    )  # fmt: skip


def _notes(records: list[Record], steps: dict[float, int]) -> list[str]:
    notes = []
    if len(steps) > 1:
        told = [f"{step}: {budget:g}" for budget, step in steps.items() if step != budget]
        places = f" (steps are places of budgets: {', '.join(told)})" if told else ""
        notes.append(f"Budgets are steps{places}; what was not run on the largest one is pruned.")
    waiting = sum(record.status == "waiting" for record in records)
    if waiting:
        notes.append(f"{waiting:,} configurations have no result yet.")
    return notes


SOURCE = HpBandSter()
