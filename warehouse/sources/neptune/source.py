"""Neptune: what neptune-exporter wrote (Parquet, a row a value) and the client's table of runs (a row a run).

Facts from neptune-exporter's README: columns project_id, run_id, attribute_path, attribute_type, step, timestamp and a
column a type; a run's values are in files `RUN_part_N.parquet`. `fetch_runs_table().to_pandas()` has a column an
attribute, `sys/id` among them, and the last value of a series.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.neptune.files import CONFIGURED, Found, files_of, read_runs, what_of
from hpowh.warehouse.sources.sweeps.steps import steps_of
from hpowh.warehouse.sources.sweeps.tool_files import fingerprint_of
from hpowh.warehouse.sources.trackers.load import check_options, load_tracked, preview_tracked
from hpowh.warehouse.sources.trackers.tracked import Points, Tracked, TrackedRun

if TYPE_CHECKING:
    import duckdb

OWN = ("sys", "monitoring", "source_code", "artifacts")
"""What Neptune itself logs."""
KEPT = {"sys/id": "id", "sys/custom_run_id": "custom_run_id", "sys/tags": "tags", "sys/owner": "owner",
        "sys/group_tags": "group_tags", "sys/description": "note"}  # fmt: skip


class Neptune:
    """`hpowh ingest neptune PATH`: a folder or file of neptune-exporter, or a table of runs; every project a sweep."""

    kind = "neptune"
    summary = "Neptune: neptune-exporter's Parquet files, or the client's table of runs (CSV, Parquet)"
    is_live = True

    def recognises(self, path: Path) -> str | None:
        """Say why a file or a folder is Neptune's."""
        return what_of(path)

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the files."""
        return fingerprint_of(_files(request), request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return every name's role, the number of runs and the first of them."""
        del connection
        return preview_tracked(_tracked(request), request)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write sweeps and trials.

        Raises:
            IngestError: it is not as Neptune writes it.
            UsageError: it is not clear which value is the metric.
        """
        context.progress("read", 0.0)
        return load_tracked(connection, _tracked(request), request, context)


SOURCE = Neptune()


def _files(request: Request) -> list[Path]:
    check_options("neptune", request, ())
    found = files_of(request.path)
    if not found:
        raise IngestError(f"{request.path} holds no table as Neptune writes it.", "Name the exporter's data folder.")
    return found


def _tracked(request: Request) -> Tracked:
    found, is_typed = read_runs(_files(request), request.name)
    used, has_series = _used(found), any(one.series for one in found)
    runs = [_run(one, used, has_series) for one in found]
    order = sorted(range(len(runs)), key=lambda at: (runs[at].started is None, str(runs[at].started), runs[at].name))
    notes = []
    if not used:
        begins = f"No path begins with {', '.join(f'{one}/' for one in CONFIGURED[:3])} …"
        notes.append(
            f"{begins}: single values are taken as configured, series as logged (--map NAME=attribute leaves one out)."
            if has_series
            else f"{begins}: every value is taken as logged (--map NAME=hyperparameter makes one a setting)."
        )

    def history(wanted: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Points]]:
        for at, names in wanted.items():
            points: Points = {}
            for place, name in enumerate(names):
                course = found[order[at]].series.get(name, {})
                steps = steps_of(list(course))
                points |= {(place, steps[step]): value for step, value in course.items()}
            if points:
                yield at, points

    return Tracked(
        tool="neptune", runs=[runs[at] for at in order], history=history, is_typed=is_typed,
        prefixes=(f"{used[0]}/" if len(used) == 1 else "config.", "logged."), notes=notes,
    )  # fmt: skip


def _used(found: Sequence[Found]) -> list[str]:
    """Return the first parts of paths that hold what was set, as far as there are any."""
    firsts = {path.split("/", 1)[0] for one in found for path in one.values if "/" in path}
    return [first for first in CONFIGURED if first in firsts]


def _run(one: Found, used: Sequence[str], has_series: bool) -> TrackedRun:
    values = {path: value for path, value in one.values.items() if path.split("/", 1)[0] not in OWN}
    if used:
        configured = {path: value for path, value in values.items() if path.split("/", 1)[0] in used}
    else:
        configured = values if has_series else {}
    # Where settings have one beginning only, their names can do without it.
    start = f"{used[0]}/" if len(used) == 1 else ""
    parameters = {path.removeprefix(start): value for path, value in configured.items()}
    summary = {path: value for path, value in values.items() if path not in configured}
    summary |= {path: course[max(course)] for path, course in one.series.items() if path.split("/", 1)[0] not in OWN}
    told = one.values
    return TrackedRun(
        group=one.project,
        name=str(told.get("sys/name") or told.get("sys/custom_run_id") or told.get("sys/id") or one.run),
        status=_status(told),
        started=_moment(told.get("sys/creation_time")),
        ended=None if _status(told) == "running" else _moment(told.get("sys/modification_time")),
        parameters=parameters,
        summary=summary,
        attributes={"id": one.run} | {name: told[path] for path, name in KEPT.items() if path in told},
        source=one.run,
    )


def _status(told: Mapping[str, Any]) -> str:
    if str(told.get("sys/failed")).lower() == "true":
        return "failed"
    return "running" if str(told.get("sys/state")).lower() in ("active", "running") else "finished"


def _moment(value: Any) -> datetime | None:
    """Return a time; Neptune's are UTC, and its table leaves that out."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
