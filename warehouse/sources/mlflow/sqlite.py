"""Read an MLflow SQLite store with the standard library, read-only, in one consistent snapshot."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.mlflow.runs import GREATEST, NAME, MlflowRun, Store, moment, status_of
from hpowh.warehouse.sources.sweeps.sqlite_files import refuse_computed
from hpowh.warehouse.sources.trackers.tracked import Points

PATIENCE = 10.0
"""Seconds to wait while MLflow holds the file for a write."""
NEEDED = {
    "experiments": {"experiment_id", "name", "lifecycle_stage"},
    "runs": {"run_uuid", "name", "status", "start_time", "end_time", "lifecycle_stage", "experiment_id"},
    "params": {"key", "value", "run_uuid"},
    "tags": {"key", "value", "run_uuid"},
    "metrics": {"key", "value", "timestamp", "run_uuid", "step", "is_nan"},
    "latest_metrics": {"key", "value", "is_nan", "run_uuid"},
}
"""What is read. MLflow changes other tables often and these hardly ever, so columns are looked for, not versions."""
VALUE = "case when is_nan then null else value end"
"""NaN is stored as 0 beside a flag."""


class SqliteStore:
    """One read transaction on a store."""

    def __init__(self, path: Path) -> None:
        """Open the file and look at its tables.

        Raises:
            IngestError: it is no MLflow store, is damaged, or a writer holds it for too long.
        """
        self.path = path
        self.infinite = 0
        self.repeated = 0
        try:
            self.connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=PATIENCE)
            self.connection.isolation_level = None
            self.connection.execute("begin")
            refuse_computed(self.connection, path)
        except sqlite3.Error as error:
            raise self._explain(error) from None
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let the file go."""
        self.connection.close()

    def read(self) -> Store:
        """Return experiments, runs, parameters, tags and latest values; histories are read when asked for."""
        experiments = {
            row[0]: (str(row[1]), row[2] == "deleted")
            for row in self._all("select experiment_id, name, lifecycle_stage from experiments order by experiment_id")
        }
        runs: dict[str, MlflowRun] = {}
        sql = "select run_uuid, experiment_id, name, status, start_time, end_time, lifecycle_stage from runs order by 1"
        for run_id, experiment, name, status, start, end, stage in self._all(sql):
            title, is_gone = experiments.get(experiment, (f"experiment {experiment}", False))
            where = f"{self.path}: the run {run_id}"
            runs[run_id] = MlflowRun(
                run_id=run_id,
                experiment=title,
                experiment_id=str(experiment),
                name=name or "",
                status=status_of(status, where),
                started=moment(start),
                ended=moment(end),
                is_deleted=is_gone or stage == "deleted",
            )
        for run_id, key, value in self._all("select run_uuid, key, value from params"):
            if run_id in runs:
                runs[run_id].parameters[key] = value
        for run_id, key, value in self._all("select run_uuid, key, value from tags"):
            if run_id in runs:
                runs[run_id].tags[key] = value or ""
        for run_id, key, value in self._all(f"select run_uuid, key, {VALUE} from latest_metrics"):  # noqa: S608
            if run_id in runs:
                runs[run_id].metrics[key] = self._number(value)
        for run in runs.values():
            run.name = run.name or run.tags.get(NAME) or run.run_id
        store = Store(
            runs=list(runs.values()),
            history=self._history,
            repeated=lambda: self.repeated,
            experiment_tags=self._experiment_tags(experiments),
        )
        if self.infinite:
            store.notes.append(
                f"{self.infinite:,} values are the greatest double, which is how MLflow stores infinity here; "
                "they are read as infinite."
            )
        return store

    def _experiment_tags(self, experiments: Mapping[Any, tuple[str, bool]]) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = {}
        if self._columns("experiment_tags"):
            for experiment, key, value in self._all("select experiment_id, key, value from experiment_tags"):
                if experiment in experiments:
                    tags.setdefault(experiments[experiment][0], {})[key] = value
        return tags

    def _history(self, wanted: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Points]]:
        """Yield the points of each run; of several values of one step the latest counts."""
        names = sorted({name for found in wanted.values() for name in found})
        rows = self._query(
            f"select run_uuid, key, step, {VALUE} from metrics where key in (select value from json_each(?)) "  # noqa: S608
            "order by run_uuid, timestamp, rowid",
            [json.dumps(names)],
        )
        for run_id, of_run in groupby(rows, key=lambda row: row[0]):
            positions = {name: at for at, name in enumerate(wanted.get(run_id, ()))}
            points: Points = {}
            for _, key, step, value in of_run:
                if key in positions:
                    self.repeated += (positions[key], step) in points
                    points[positions[key], step] = self._number(value)
            if points:
                yield run_id, points

    def _number(self, value: float | None) -> float:
        if value is None:
            return math.nan
        if abs(value) >= GREATEST:
            self.infinite += 1
            return math.copysign(math.inf, value)
        return float(value)

    def _check(self) -> None:
        missing = {table: columns - self._columns(table) for table, columns in NEEDED.items()}
        if any(missing[table] == NEEDED[table] for table in ("experiments", "runs", "params")):
            raise IngestError(f"{self.path} is an SQLite file but no MLflow store.", "Name another file.")
        lacking = [f"{table}.{column}" for table, columns in missing.items() for column in sorted(columns)]
        if lacking:
            version = self._all("select version_num from alembic_version") if self._columns("alembic_version") else []
            raise IngestError(
                f"{self.path} has an MLflow schema that this program does not know "
                f"({version[0][0] if version else 'no version'}): it lacks {', '.join(lacking)}.",
                f"If it is an old one, upgrade a copy of it: mlflow db upgrade sqlite:///{self.path}",
            )

    def _columns(self, table: str) -> set[str]:
        return {row[0] for row in self._all("select name from pragma_table_info(?)", [table])}

    def _query(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self.connection.execute(sql, values)
        except sqlite3.Error as error:
            raise self._explain(error) from None

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._query(sql, values))

    def _explain(self, error: sqlite3.Error) -> IngestError:
        if "locked" in str(error):
            return IngestError(f"{self.path} is held by a writer ({error}).", "Run again in a moment.")
        return IngestError(
            f"{self.path} cannot be read as SQLite: {error}.",
            "Is the file complete? `sqlite3 FILE .recover` may save what is left of a damaged one.",
        )
