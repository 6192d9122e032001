"""Optuna's storages as files: growing, held, damaged, in a folder, replaced."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Request, find_source, ingest

from .optuna_studies import QUIET, expected_trials, labelled_study, load, make_studies, plain_number, stored_trials

pytestmark = QUIET


def test_a_growing_storage_is_loaded_anew_without_replace(tmp_path, warehouse):
    path = tmp_path / "s.db"
    study = labelled_study(path)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    assert load(warehouse, path).action == "load"
    assert load(warehouse, path).action == "unchanged"
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    again = load(warehouse, path)
    assert (again.action, again.row_count) == ("update", 5)
    assert warehouse.sql("select count(*) from core.trial_parameter").one() == 5
    assert warehouse.sql("select count(*), max(budget) from core.trace").rows() == [(5, 5.0)]


def test_a_folder_of_storages_is_one_source(tmp_path, warehouse):
    folder = tmp_path / "many"
    folder.mkdir()
    make_studies(folder / "a.db")
    labelled_study(folder / "b.log").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=4)
    (folder / "readme.txt").write_text("no storage")
    assert load(warehouse, folder).row_count == 24
    for name, path in (("one", folder / "a.db"), ("run", folder / "b.log")):
        assert plain_number(stored_trials(warehouse, name)) == plain_number(expected_trials(path, name))


def test_what_is_no_storage_is_refused(tmp_path, warehouse):
    (tmp_path / "t.txt").write_text("hello\n")
    with pytest.raises(IngestError, match="neither an SQLite file nor an Optuna journal"):
        load(warehouse, tmp_path / "t.txt")
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.execute("create table t (a)")
    with pytest.raises(IngestError, match="no Optuna storage"):
        load(warehouse, tmp_path / "t.db")
    with pytest.raises(IngestError, match="There is no file"):
        load(warehouse, tmp_path / "missing.db")
    make_studies(tmp_path / "cut.db")
    (tmp_path / "cut.db").write_bytes((tmp_path / "cut.db").read_bytes()[:6000])
    with pytest.raises(IngestError, match="cut.db"):
        load(warehouse, tmp_path / "cut.db")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="holds no Optuna storage"):
        load(warehouse, tmp_path / "empty")


def test_a_value_that_is_a_text_names_its_trial(tmp_path, warehouse):
    make_studies(tmp_path / "s.db")
    with sqlite3.connect(tmp_path / "s.db") as connection:
        changed = connection.execute(
            "update trial_values set value = '<b>' where trial_id = "
            "(select t.trial_id from trials as t join studies as s using (study_id) where study_name = 'one' "
            "and number = 2)"
        )
        assert changed.rowcount == 1
    with pytest.raises(IngestError, match="s.db: trial 2 of the study 'one' has the value '<b>', which is no number"):
        load(warehouse, tmp_path / "s.db")
    assert warehouse.sql("select count(*) from core.source").one() == 0


def test_a_storage_held_by_a_writer_is_said(tmp_path, warehouse, monkeypatch):
    from hpowh.warehouse.sources.optuna import sqlite as optuna_sqlite

    monkeypatch.setattr(optuna_sqlite, "PATIENCE", 0.1)
    make_studies(tmp_path / "s.db")
    writer = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    writer.execute("begin exclusive")
    with pytest.raises(IngestError, match="held by a writer"):
        load(warehouse, tmp_path / "s.db")
    writer.rollback()
    assert load(warehouse, tmp_path / "s.db").row_count == 20
    writer.close()


def test_a_storage_is_only_read(tmp_path, warehouse):
    make_studies(tmp_path / "s.db")
    before = (tmp_path / "s.db").read_bytes()
    load(warehouse, f"sqlite:///{tmp_path / 's.db'}")
    assert (tmp_path / "s.db").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("s.db")) == ["s.db"]


def test_a_storage_in_wal_mode_is_read_with_its_log(tmp_path, warehouse):
    path = tmp_path / "s.db"
    make_studies(path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("pragma journal_mode = wal")
    assert load(warehouse, path).row_count == 20
    writer.execute("insert into trials (number, study_id, state) values (99, 1, 'WAITING')")
    outcome = load(warehouse, path)
    writer.close()
    assert (outcome.action, outcome.row_count) == ("update", 21)


def test_a_replaced_storage_leaves_nothing_behind(tmp_path, warehouse):
    make_studies(tmp_path / "a.log")
    load(warehouse, tmp_path / "a.log")
    tables = ("sweep", "sweep_metric", "sweep_parameter", "trial", "trial_parameter", "trial_metric", "trial_attribute")
    count = {t: warehouse.sql(f"select count(*) from core.{t}").one() for t in tables}
    shutil.copy(tmp_path / "a.log", tmp_path / "b.log")
    ingest(warehouse, find_source("optuna"), Request(str(tmp_path / "b.log"), "studies"), replace_old=True)
    assert {t: warehouse.sql(f"select count(*) from core.{t}").one() for t in tables} == count
