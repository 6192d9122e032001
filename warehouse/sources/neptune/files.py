"""Neptune's files as runs: single values and series by path."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_whole
from hpowh.warehouse.sources.sweeps.tool_files import first_paths

LONG = {"run_id", "attribute_path", "attribute_type"}
SINGLE = {"float": "float_value", "int": "int_value", "string": "string_value", "bool": "bool_value",
          "datetime": "datetime_value", "string_set": "string_set_value"}  # fmt: skip
"""Type of a single value -> its column."""
SERIES = "float_series"
ID = "sys/id"
CONFIGURED = ("parameters", "params", "hyperparameters", "hparams", "config", "args")
"""First parts of the paths under which Neptune's users and integrations keep what was set."""


@dataclass
class Found:
    """One run."""

    project: str
    run: str
    values: dict[str, Any] = field(default_factory=dict)
    """Path -> single value."""
    series: dict[str, dict[float, float]] = field(default_factory=dict)
    """Path -> step -> value."""


def what_of(path: Path) -> str | None:
    """Say what of Neptune's a file or folder is, None where it is nothing of it."""
    if path.is_dir():
        first = next((one for one in first_paths(path) if one.name.endswith(".parquet")), None)
        return "its Parquet files are those of neptune-exporter" if first and _columns(first) >= LONG else None
    columns = _columns(path)
    if columns >= LONG:
        return "its columns are those of neptune-exporter"
    return f"its column {ID!r} is that of Neptune's table of runs" if ID in columns else None


def files_of(path: Path) -> list[Path]:
    """Return the files that are read, of a folder the exporter's only."""
    if path.is_dir():
        # A part that cannot be read is a run that would be missing: it is not passed over as another tool's file is.
        return [one for one in sorted(path.rglob("*.parquet")) if _columns(one) >= LONG or _is_damaged(one)]
    return [path] if what_of(path) else []


def _columns(path: Path) -> set[str]:
    """Return a table's headings; none where it is no table."""
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            import pyarrow.parquet as pq

            return set(pq.read_schema(path).names)
        if name.endswith(".csv"):
            with path.open(encoding="utf-8-sig", newline="") as handle:
                return set(next(csv.reader(io.StringIO(handle.readline(1 << 20))), []))
    except (OSError, ValueError, csv.Error):
        return set()
    return set()


def _is_damaged(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_schema(path)
    except (OSError, ValueError, pa.ArrowException):
        return True
    return False


def read_runs(paths: list[Path], project: str) -> tuple[list[Found], bool]:
    """Return the runs of all files, and whether their values have types.

    Raises:
        IngestError: a file cannot be read, or a run is there twice.
    """
    if len(paths) == 1 and not _columns(paths[0]) >= LONG and "_part_" not in paths[0].name:
        return _wide(paths[0], project)
    found: dict[tuple[str, str], Found] = {}
    for path in paths:
        for row in _rows(path):
            key = (str(row.get("project_id") or project), str(row["run_id"]))
            run = found.setdefault(key, Found(*key))
            name, kind = str(row["attribute_path"]), str(row["attribute_type"])
            if kind in SINGLE and row.get(SINGLE[kind]) is not None:
                value = row[SINGLE[kind]]
                run.values[name] = ", ".join(map(str, value)) if isinstance(value, list) else value
            elif kind == SERIES and row.get("float_value") is not None and row.get("step") is not None:
                run.series.setdefault(name, {})[float(row["step"])] = float(row["float_value"])
    return list(found.values()), True


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = [*LONG, "project_id", "step", *SINGLE.values()]
    try:
        with pq.ParquetFile(path) as file:
            names = [name for name in wanted if name in file.schema_arrow.names]
            for batch in file.iter_batches(columns=names):
                yield from batch.to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise IngestError(f"{path} cannot be read: {str(error).splitlines()[0]}.", "Nothing was loaded.") from None


def _wide(path: Path, project: str) -> tuple[list[Found], bool]:
    is_typed = path.name.lower().endswith(".parquet")
    if is_typed:
        import pyarrow.parquet as pq

        rows = pq.read_table(path).to_pylist()
    else:
        rows = list(csv.DictReader(io.StringIO(read_whole(path).decode("utf-8-sig"), newline="")))
    found: dict[str, Found] = {}
    for number, row in enumerate(rows, start=1):
        name = str(row.get(ID) or "").strip()
        if not name or None in row:
            raise IngestError(
                f"{path}: row {number:,} has no {ID}, or more cells than headings.", "Nothing was loaded."
            )
        if name in found:
            raise IngestError(f"{path}: the run {name} is there twice.", "A row a run. Nothing was loaded.")
        values = {path_: _value(cell, is_typed, path_) for path_, cell in row.items() if path_ and "/" in path_}
        found[name] = Found(project, name, {path_: value for path_, value in values.items() if value is not None})
    return list(found.values()), is_typed


def _value(cell: Any, is_typed: bool, path: str) -> Any:
    """Return a cell; numbers of a CSV that are results are numbers again, settings are read with their type later."""
    if is_typed:
        return None if isinstance(cell, float) and cell != cell else cell  # noqa: PLR0124 (pandas has NaN for nothing)
    text = (cell or "").strip()
    if not text or path.startswith("sys/"):
        return text or None
    try:
        return float(text) if not text.lower().startswith(("true", "false")) and not _is_setting(path) else text
    except ValueError:
        return text


def _is_setting(path: str) -> bool:
    return path.split("/", 1)[0] in CONFIGURED
