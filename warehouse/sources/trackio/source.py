"""trackio: an SQLite file a project, or the folder that holds them (`~/.cache/huggingface/trackio`).

Facts from trackio's `sqlite_storage.py`: `configs` has a row a run, `metrics` a row a step, each with a JSON object;
newer files tell runs apart by `run_id`, older ones by `run_name`; NaN and infinities are texts. When a run ended is not
kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.sweeps.sqlite_files import columns_if_any, columns_in, fingerprint_of_databases, opened
from hpowh.warehouse.sources.trackers.load import check_options, load_tracked, preview_tracked
from hpowh.warehouse.sources.trackers.roles import number_of
from hpowh.warehouse.sources.trackers.tracked import Points, Tracked, TrackedRun, flatten

if TYPE_CHECKING:
    import duckdb

CONFIGS, METRICS = {"run_name", "config", "created_at"}, {"run_name", "timestamp", "step", "metrics"}
Course = dict[str, dict[int, float]]
"""Name -> step -> value."""


class Trackio:
    """`hpowh ingest trackio FILE|FOLDER`: every project a sweep, every run a trial."""

    kind = "trackio"
    summary = "trackio projects: an SQLite file, or the folder of all"
    is_live = True

    def recognises(self, path: Path) -> str | None:
        """Say why a database, or a folder of them, is trackio's."""
        found = sorted(path.glob("*.db"))[:5] if path.is_dir() else [path]
        return "it has trackio's tables configs and metrics" if any(_is_project(one) for one in found) else None

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the databases and their logs."""
        return fingerprint_of_databases(_projects(request))

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return every name's role, the number of runs and the first of them."""
        del connection
        return preview_tracked(_tracked(request), request)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write sweeps and trials.

        Raises:
            IngestError: it is no trackio project, or cannot be read.
        """
        context.progress("read", 0.0)
        return load_tracked(connection, _tracked(request), request, context)


SOURCE = Trackio()


def _is_project(path: Path, *, is_named: bool = False) -> bool:
    found = columns_in(path) if is_named else columns_if_any(path)
    return found.get("configs", set()) >= CONFIGS and found.get("metrics", set()) >= METRICS


def _projects(request: Request) -> list[Path]:
    check_options("trackio", request, ())
    path = request.path
    found = [one for one in sorted(path.glob("*.db")) if _is_project(one)] if path.is_dir() else [path]
    if not found or not _is_project(found[0], is_named=True):
        raise IngestError(f"{path} is no trackio project.", "Name a project's .db file, or the folder that holds them.")
    return found


def _tracked(request: Request) -> Tracked:
    runs: list[TrackedRun] = []
    courses: list[Course] = []
    for path in _projects(request):
        for run, course in _runs(path):
            runs.append(run)
            courses.append(course)

    def history(wanted: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Points]]:
        for at, names in wanted.items():
            points = {
                (place, step): value
                for place, name in enumerate(names)
                for step, value in courses[at].get(name, {}).items()
            }
            if points:
                yield at, points

    notes = ["trackio does not keep when a run ended: all are taken as finished."] if runs else []
    return Tracked(
        tool="trackio", runs=runs, history=history, is_typed=True, prefixes=("config.", "metrics."), notes=notes
    )


def _runs(path: Path) -> list[tuple[TrackedRun, Course]]:
    """Return the runs of a project in the order of their beginning, each with what it logged."""
    columns = columns_in(path)
    # A run that logged nothing has a configuration only, and one that was given none has metrics only.
    config_key = "run_id" if "run_id" in columns["configs"] else "run_name"
    metric_key = "run_id" if "run_id" in columns["metrics"] else "run_name"
    found: dict[str, TrackedRun] = {}
    courses: dict[str, Course] = {}

    def run_of(key: Any, name: Any) -> TrackedRun:
        courses.setdefault(str(key), {})
        return found.setdefault(
            str(key),
            TrackedRun(group=path.stem, name=str(name), status="finished", started=None, ended=None, parameters={},
                       summary={}, attributes={"id": str(key)}, source=f"{path.name}: {name}"),
        )  # fmt: skip

    with opened(path) as connection:
        sql = f"select {config_key}, run_name, config, created_at from configs order by id"  # noqa: S608
        for key, name, config, created in connection.execute(sql):
            run = run_of(key, name)
            given = _object(config, f"{path}: the configuration of {name}")
            run.started = _moment(given.get("_Created")) or _moment(created)
            run.parameters = {one: value for one, value in flatten(given) if not one.startswith("_")}
            run.attributes |= {one.strip("_"): value for one, value in given.items() if one.startswith("_")}
        sql = f"select {metric_key}, run_name, step, timestamp, metrics from metrics order by id"  # noqa: S608
        for key, name, step, at, metrics in connection.execute(sql):
            run, course = run_of(key, name), courses[str(key)]
            moment = _moment(at)
            run.started = run.started or moment
            run.ended = max((one for one in (run.ended, moment) if one is not None), default=None)
            for logged, value in flatten(_object(metrics, f"{path}: metrics of {name}")):
                number = number_of(value)
                if number is None:
                    run.summary[logged] = value
                else:
                    course.setdefault(logged, {})[int(step)] = number
    for key, run in found.items():
        # The last step is the last value: rows may be written in another order.
        run.summary |= {name: points[max(points)] for name, points in courses[key].items()}
    order = sorted(found, key=lambda key: (found[key].started is None, str(found[key].started), key))
    return [(found[key], courses[key]) for key in order]


def _object(text: Any, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise IngestError(f"{where} are no JSON object.", "Nothing was loaded.")
    return found


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
