"""The files of a Ray Tune experiment, as found: the newest state, and what each trial's folder holds.

Facts from Ray's `experiment_state.py`, `trial.py` and the loggers: the state's `trial_data` is a list of pairs of JSON
texts (the trial, its runtime metadata), before Ray 2.5 `checkpoints`, a list of JSON texts.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_whole
from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.sweeps.tool_files import Lines, read_json, read_lines
from hpowh.warehouse.sources.trials.cells import read_number
from hpowh.warehouse.sources.trials.rows import flatten

STATE = "experiment_state-*.json"
PICKLED = "CLOUDPICKLE_FALLBACK"
ERROR_LENGTH = 2000


@dataclass
class Experiment:
    """One experiment's folder."""

    folder: Path
    state: Path | None
    older: list[Path]
    metric: str | None = None
    """As named in TuneConfig."""
    trials: list[dict[str, Any]] = field(default_factory=list)
    """Of each trial: what the state says (`trial_id`, `status`, `config`, `start_time`, …) and its `folder`."""

    def files(self) -> list[Path]:
        """Return every file that is read."""
        found = [self.state] if self.state else []
        for trial in self.trials:
            folder: Path | None = trial["folder"]
            if folder is not None:
                found += [
                    path
                    for name in ("params.json", "result.json", "progress.csv", "error.txt")
                    if (path := folder / name).is_file()
                ]
        return found


@dataclass
class TrialFiles:
    """One trial: what the state says, and what its own files say."""

    state: dict[str, Any]
    config: dict[str, Any]
    lines: Lines
    error: str | None
    pickled: list[str]


def read_experiment(folder: Path) -> Experiment:
    """Return the newest state and the trials: those of the state, and folders that it does not know yet.

    Raises:
        IngestError: the state is not whole, or of no known form.
    """
    states = sorted(folder.glob(STATE))
    newest = states[-1] if states else None
    experiment = Experiment(folder, newest, states[:-1])
    if newest is not None:
        content = read_json(newest)
        experiment.trials = _known(content, newest)
        experiment.metric = (content.get("runner_data") or {}).get("_metric")
    for trial in experiment.trials:
        place = Path(str(trial.get("relative_logdir") or trial.get("logdir") or "-")).name
        trial["folder"] = found if (found := folder / place).is_dir() else None
    known = {trial["folder"] for trial in experiment.trials}
    for path in sorted(folder.glob("*/params.json")):
        if path.parent not in known:
            experiment.trials.append({"trial_id": None, "folder": path.parent})
    experiment.trials.sort(key=lambda trial: (str(trial.get("trial_id") or "~"), str(trial["folder"])))
    return experiment


def _known(content: Any, path: Path) -> list[dict[str, Any]]:
    entries = content.get("trial_data", content.get("checkpoints")) if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise IngestError(f"{path} is no experiment state as Ray Tune writes it.", "A newer hpowh may know it.")
    found = []
    for entry in entries:
        parts = entry if isinstance(entry, list) else [entry]
        merged: dict[str, Any] = {}
        for part in reversed(parts):  # the trial's own fields stand above its runtime metadata
            merged.update(json.loads(part) if isinstance(part, str) else part)
        found.append(merged)
    return found


def read_trial(trial: dict[str, Any], root: Path) -> TrialFiles:
    """Return what a trial's files hold; a folder may lack any of them.

    Raises:
        IngestError: params.json is not whole.
    """
    folder: Path | None = trial["folder"]
    config, lines, error = trial.get("config") or {}, Lines([]), None
    if folder is not None:
        if (folder / "params.json").is_file():
            config = read_json(folder / "params.json")
        if (folder / "result.json").is_file():
            lines = read_lines(folder / "result.json", str((folder / "result.json").relative_to(root)))
        elif (folder / "progress.csv").is_file():
            lines = _from_csv(folder / "progress.csv", str((folder / "progress.csv").relative_to(root)))
        if (folder / "error.txt").is_file():
            error = _end_of(folder / "error.txt")
    if not isinstance(config, dict):
        raise IngestError(f"{folder}: params.json is no object.", "Nothing was loaded.")
    config, pickled = _plain(config)
    return TrialFiles(trial, config, lines, error, pickled)


def _end_of(path: Path) -> str:
    """Return the last letters of a text that may be long."""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 4 * ERROR_LENGTH))
        return handle.read(4 * ERROR_LENGTH).decode("utf-8", "replace")[-ERROR_LENGTH:]


def _plain(config: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Flatten a configuration; a value that Ray pickled becomes a text that says so."""
    pickled: list[str] = []

    def walk(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            if value.get("_type") == PICKLED:
                pickled.append(name)
                return "(pickled)"
            return {str(key): walk(one, f"{name}.{key}" if name else str(key)) for key, one in value.items()}
        return value

    walked = walk(config, "")
    return dict(flatten(walked if isinstance(walked, dict) else {})), pickled


def _from_csv(path: Path, label: str) -> Lines:
    """Return the reports of a progress.csv, which has no types and slashes in nested names."""
    found = Lines([])
    rows = list(csv.reader(read_whole(path).decode("utf-8", "replace").splitlines()))
    header = [name.replace("/", ".") for name in rows[0]] if rows else []
    for number, cells in enumerate(rows[1:], start=1):
        if len(cells) == len(header):
            row = {name: _typed(cell) for name, cell in zip(header, cells, strict=True) if cell != ""}
            found.rows.append((number, {k: v for k, v in row.items() if not k.startswith("config.")}))
        elif number == len(rows) - 1:
            found.is_cut = True
        else:
            why = f"it has {len(cells)} fields, the header {len(header)}"
            found.problems.append(Problem(number, label, ",".join(cells)[:80], why))
    return found


def _typed(cell: str) -> Any:
    number, is_number = read_number(cell)
    if cell in ("True", "False"):
        return cell == "True"
    return number if is_number and number is not None else cell
