"""CARP-S' gathered logs: one table of the trials of all runs, as `carps.analysis.gather_data` writes it.

The columns are those of the log with `trial_info__` and `trial_value__` before them, besides task_id, optimizer_id,
seed and benchmark_id. Lists and mixed columns are Python's text of them. Beside `logs.*` lies `logs_cfg.*` with the
configuration of every run, whose YAML names hyperparameters and objectives.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import lines_of
from hpowh.warehouse.sources.carps.config import RunConfig, run_config
from hpowh.warehouse.sources.sweeps.hydra_config import parse_yaml

if TYPE_CHECKING:
    import polars as pl

KEYS = ("task_id", "optimizer_id", "seed")
NEEDED = (*KEYS, "n_trials", "trial_value__cost")
PREFIXES = ("trial_info__", "trial_value__")
NOTHING = ("", "None", "nan", "NaN", "<NA>")


@dataclass
class GatheredRun:
    """One run's rows, in the form of its log."""

    name: str
    config: RunConfig
    rows: list[tuple[int, dict[str, Any]]]
    """Row in the table (from 1) and what the log's line held."""


def gathered_files(path: Path) -> list[Path]:
    """Return the table and, where it lies beside it, that of the configurations."""
    beside = path.with_name(f"{path.stem}_cfg{path.suffix}")
    return [path, beside] if beside.is_file() else [path]


def gathered_runs(path: Path) -> Iterator[GatheredRun]:
    """Yield the runs of a gathered table.

    Raises:
        IngestError: it is no such table, or is not whole.
    """
    import polars as pl

    frame = _table(path)
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise IngestError(
            f"{path} lacks the column {missing[0]!r} of CARP-S' gathered logs.",
            "Gather with python -m carps.analysis.gather_data, or name the folder of runs.",
        )
    configs = _configs(path)
    kept = [c for c in frame.columns if c in (*KEYS, "n_trials", "benchmark_id", "cfg_fn") or c.startswith(PREFIXES)]
    frame = frame.select(kept).with_columns(pl.int_range(1, pl.len() + 1).alias("hpowh_row"))
    for keys, part in frame.partition_by(*KEYS, as_dict=True, maintain_order=True).items():
        task, optimizer, seed = (str(key) for key in keys)
        first = part.row(0, named=True)
        config = configs.get(str(first.get("cfg_fn")), RunConfig())
        suite = first.get("benchmark_id") or config.suite
        features = config.features | ({"suite": suite} if suite else {})
        config = replace(config, optimizer=optimizer, task=task, seed=_whole(seed), suite=suite, features=features)
        rows = [(row["hpowh_row"], _line(row)) for row in part.sort("n_trials").iter_rows(named=True)]
        yield GatheredRun(f"{optimizer}/{task}/{seed}", config, rows)


def _table(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        with path.open("rb") as handle:
            next(lines_of(handle, path), None)  # refuses a header without an end
        return pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).split("\n", maxsplit=1)[0]
        raise IngestError(f"{path} cannot be read: {first}", "Is it complete, and CSV or Parquet?") from None


def _configs(path: Path) -> dict[str, RunConfig]:
    files = gathered_files(path)
    if len(files) == 1:
        return {}
    frame = _table(files[1])
    if not {"cfg_fn", "cfg_str"} <= set(frame.columns):
        return {}
    found = {}
    for name, text in frame.select("cfg_fn", "cfg_str").iter_rows():
        found[str(name)] = run_config(parse_yaml(str(text).replace("\\n", "\n"), f"{files[1]}: {name}"), str(name))
    return found


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in the form of a log's line."""
    info = {name.removeprefix("trial_info__"): _value(v) for name, v in row.items() if name.startswith("trial_info__")}
    value = {
        name.removeprefix("trial_value__"): _value(v) for name, v in row.items() if name.startswith("trial_value__")
    }
    raw = value.get("cost_raw")  # the cost of several objectives is replaced by a hypervolume in `cost`
    if isinstance(raw, list) or "cost" not in value:
        value["cost"] = raw
    value.setdefault("status", 1)
    return {"n_trials": row["n_trials"], "trial_info": info, "trial_value": value}


def _value(value: Any) -> Any:
    """Return what Python's text of a value meant."""
    if not isinstance(value, str):
        return value
    if value in NOTHING:
        return None
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        numbers = _numbers(value.strip("[]").split())
        if numbers is None:
            return value
        return numbers if value.startswith("[") else numbers[0]


def _numbers(texts: list[str]) -> list[float] | None:
    """Return the numbers of an array as numpy prints it (`[4.39 inf]`), None where one is none."""
    try:
        return [float(text) for text in texts] or None
    except ValueError:
        return None


def _whole(text: str) -> Any:
    number = _value(text)
    return int(number) if isinstance(number, float) and number.is_integer() else number
