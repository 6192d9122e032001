"""What a file or folder is, by what it holds."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.reading import refuse_special_files
from hpowh.warehouse.ingest.registry import find_source, sources
from hpowh.warehouse.sources.tables.kinds import kinds_of_table
from hpowh.warehouse.sources.tables.spreadsheets import refuse_others
from hpowh.warehouse.sources.tables.tabular import FORMATS

SQLITE = b"SQLite format 3\0"
MOST_FILES = 5_000
"""So many files of a folder are looked at."""


@dataclass(frozen=True)
class Recognised:
    """One kind that a path may be, and why."""

    kind: str
    why: str


def recognise(path: Path, options: Mapping[str, Any] | None = None) -> list[Recognised]:
    """Return the kinds of source that a path can be: one where it is clear, several where it must be asked.

    A source says so itself by `recognises(path)`, which returns why, or None; third parties' are asked, too.

    Args:
        options: what was said of the source, such as the encoding of a table.

    Raises:
        IngestError: it is empty, a pipe or a device, or a table that cannot be read.
    """
    refuse_special_files(str(path))
    for kind in sources():
        hook = getattr(find_source(kind), "recognises", None)
        why = hook(path) if hook is not None else None
        if why:
            return [Recognised(kind, str(why))]
    if path.is_dir():
        return _folder(path)
    if path.is_file() and not path.stat().st_size:
        raise IngestError(f"{path} is empty.", "Nothing was loaded.")
    if _begins(path, SQLITE):
        return _sqlite(path)
    if path.suffix == ".wandb":
        return [Recognised("wandb", "its ending is that of W&B's offline runs")]
    if ".tfevents." in path.name:
        return [Recognised("tensorboard", "it is called like TensorBoard's event files")]
    if path.name == "runhistory.json":
        return [Recognised("smac", "it is called like SMAC's run history")]
    if _begins(path, b'{"op_code"') or b'"op_code"' in _start(path) and b'"worker_id"' in _start(path):
        return [Recognised("optuna", "its lines are those of Optuna's journal")]
    refuse_others(path)
    if _is_table(path):
        return [Recognised(kind, why) for kind, why in kinds_of_table(path, options)]
    return []


def advice(path: Path) -> str:
    """Return what helps with a path of which nothing is known; empty where nothing can be said."""
    if path.is_dir():
        tables = sorted(one.name for one in path.iterdir() if one.is_file() and _is_table(one))
        if tables:
            shown = f"{', '.join(tables[:3])}{' …' if len(tables) > 3 else ''}"
            return f"It holds tables ({shown}): name one of them, or declare all in hpowh.toml."
        deeper = sorted(str(one.relative_to(path)) for one in islice(_files(path), MOST_FILES) if _is_table(one))
        if deeper:
            shown = f"{', '.join(deeper[:3])}{' …' if len(deeper) > 3 else ''}"
            return f"Its folders hold tables ({shown}): name one of them (--as NAME where two are called alike)."
        return ""
    if _begins(path, SQLITE):
        listed = sorted(_sqlite_tables(path))
        if not listed:
            return "It is an SQLite file without tables."
        shown = f"{', '.join(listed[:5])}{' …' if len(listed) > 5 else ''}"
        write = f"sqlite3 -header -csv {shlex.quote(path.name)} 'select * from TABLE' > table.csv"  # noqa: S608
        return f"It is an SQLite file of no tool that is known, with the tables {shown}. Write one as CSV: {write}"
    if path.suffix.lower() in (".pkl", ".pickle", ".joblib", ".dill"):
        return (
            "A pickle is not opened, for opening one runs what it says. Write a table with what made it: "
            "study.trials_dataframe().to_csv(PATH) of Optuna's study, frame.to_csv(PATH) of a frame, "
            "pandas.DataFrame(search.cv_results_).to_csv(PATH) of scikit-learn's search."
        )
    if path.suffix.lower() == ".arff":
        return (
            "Weka's ARFF is not read. Save it as CSV in Weka's Explorer, or in Python: "
            "pandas.DataFrame(scipy.io.arff.loadarff(PATH)[0]).to_csv('table.csv', index=False)"
        )
    if _begins(path, b"PK\x03\x04") or path.name.lower().endswith((".tar.gz", ".tgz", ".tar", ".7z")):
        return "It is an archive: unpack it, and name what it holds."
    first = _start(path).decode("utf-8", "replace").partition("\n")[0]
    if first.startswith("{") and first.rstrip().endswith("}"):
        return f"Its lines look like JSON objects: call it {path.stem}.jsonl."
    if "\ufffd" not in first and any(first.count(sign) > 1 for sign in ",;\t"):
        return f"Its first line looks like that of a table: call it {path.stem}.csv."
    return ""


def _start(path: Path, size: int = 4000) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(size)
    except OSError:
        return b""


def _begins(path: Path, signature: bytes) -> bool:
    return _start(path, len(signature)) == signature


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return bool(suffixes) and (suffixes[-1] in FORMATS or suffixes[-1] == ".json")


TABLES = (
    ("optuna", {"studies", "trials", "trial_params"}, "it has the tables of an Optuna storage"),
    ("mlflow", {"experiments", "runs", "metrics"}, "it has the tables of an MLflow store"),
)


def _sqlite(path: Path) -> list[Recognised]:
    found = _sqlite_tables(path)
    return [Recognised(kind, why) for kind, needed, why in TABLES if needed <= found]


def _sqlite_tables(path: Path) -> set[str]:
    """Return the names of an SQLite file's tables; none where it cannot be read."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
        finally:
            connection.close()
    except sqlite3.Error:
        return set()


SIGNS = (
    ("smac", "runhistory.json", "it holds SMAC's runhistory.json"),
    ("ray-tune", "experiment_state-*.json", "it holds Ray Tune's experiment_state-….json"),
    ("syne-tune", "results.csv.zip", "it holds Syne Tune's results.csv.zip"),
    ("carps", "trial_logs.jsonl", "it holds CARP-S' trial_logs.jsonl"),
    ("wandb", "*.wandb", "it holds W&B's offline runs"),
    ("wandb", "wandb-summary.json", "it holds summaries of W&B's runs"),
    ("evaluated", "plan.json", "it holds the plan of hpowh evaluate"),
    ("mlflow", "meta.yaml", "it holds MLflow's meta.yaml"),
    ("ray-tune", "params.json", "it holds Ray Tune's params.json"),
    ("tensorboard", "*.tfevents.*", "it holds TensorBoard's event files"),
)
"""Kind, file that only this kind has, why; the first that is there."""


def _folder(path: Path) -> list[Recognised]:
    files = list(islice(_files(path), MOST_FILES))
    for kind, pattern, why in SIGNS:
        if any(file.match(pattern) for file in files):
            return [Recognised(kind, why)]
    names = {file.name for file in files}
    if {"results.csv", "metadata.json"} <= names:
        return [Recognised("syne-tune", "it holds Syne Tune's results.csv and metadata.json")]
    return []


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if file.is_file())
