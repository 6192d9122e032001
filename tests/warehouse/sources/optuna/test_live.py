"""A storage that a tuner writes to while it is loaded: a consistent snapshot now, the rest with the next ingest."""

from __future__ import annotations

import optuna
import pytest

from hpowh.warehouse.ingest import Request, find_source, ingest

optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_trials_that_come_while_it_is_read(warehouse, tmp_path, kind):
    path = tmp_path / ("study.db" if kind == "sqlite" else "study.log")
    if kind == "sqlite":
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    else:
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    study = optuna.create_study(study_name="s", storage=storage)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    added = []

    def keep_tuning(message: str, _share: float | None) -> None:
        if message == "check" and not added:
            study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
            added.append(3)

    source, request = find_source("optuna"), Request(str(path), "s")
    first = ingest(warehouse, source, request, progress=keep_tuning)
    assert (first.action, first.row_count) == ("load", 5)
    assert warehouse.sql("select count(*) from core.trial").one() == 5
    second = ingest(warehouse, source, request)
    assert (second.action, second.row_count) == ("update", 8)
    assert warehouse.sql("select count(*) from core.trial").one() == 8
    assert ingest(warehouse, source, request).action == "unchanged"
