"""The Optuna storage of the demo: one journal file, to which every study is written whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna import logging
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend
from optuna.study import create_study

from hpowh.reports.demo.plan import EXPERIMENT, StudyPlan
from hpowh.reports.demo.tables import Table

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


class WholeStudyBackend(BaseJournalBackend):
    """A journal file whose new operations wait in memory until `commit` appends them in one write.

    Optuna's own backend locks and syncs the file for each operation, which for 30,000 trials takes minutes.
    """

    def __init__(self, path: Path) -> None:
        _cut_unfinished_line(path)
        self._file = JournalFileBackend(str(path))
        self._logs: list[dict[str, Any]] = list(self._file.read_logs(0))
        self._written = len(self._logs)

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Return the operations from a position on."""
        return self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Remember operations."""
        self._logs.extend(logs)

    def commit(self) -> None:
        """Append what waits to the file."""
        if self._written < len(self._logs):
            self._file.append_logs(self._logs[self._written :])
            self._written = len(self._logs)


class DemoStorage:
    """The storage, open for adding studies."""

    def __init__(self, path: Path) -> None:
        logging.set_verbosity(logging.WARNING)
        self._backend = WholeStudyBackend(path)
        self._storage = JournalStorage(self._backend)
        self._ids = {study.study_name: study._study_id for study in self._storage.get_all_studies()}

    def add(self, plan: StudyPlan, table: Table, trials: Iterable[FrozenTrial]) -> None:
        """Write one study with all its trials; one that was cut off, or had another number of trials, gives way."""
        if plan.name in self._ids:
            self._storage.delete_study(self._ids[plan.name])
        study = create_study(
            storage=self._storage,
            study_name=plan.name,
            direction="maximize" if table.direction == "max" else "minimize",
        )
        for name, value in {
            "experiment": EXPERIMENT,
            "algorithm": plan.algorithm,
            "benchmark": plan.benchmark,
            "seed": plan.seed,
            "metric": table.metric,
            "search_space": table.search_space,
            "parameters": "levels",
        }.items():
            study.set_user_attr(name, value)
        study.add_trials(trials)
        self._ids[plan.name] = study._study_id
        self._backend.commit()


def _cut_unfinished_line(path: Path) -> None:
    """Remove the end of a line that a killed process left, so that the next study does not continue it."""
    if not path.exists():
        return
    with path.open("rb+") as handle:
        content = handle.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            handle.truncate(end)
