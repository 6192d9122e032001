"""Versions of Optuna: unknown schemas, and times that are local or UTC."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from hpowh.warehouse.errors import IngestError, UsageError

from .optuna_studies import QUIET, labelled_study, load, make_studies

pytestmark = QUIET


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("v2.6.0.a", "older Optuna schema v2.6.0.a.*optuna storage upgrade"),
        ("v9.0.0.a", "unknown Optuna schema v9.0.0.a"),
    ],
)
def test_another_schema_version_is_refused(tmp_path, warehouse, revision, message):
    make_studies(tmp_path / "s.db")
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("update alembic_version set version_num = ?", [revision])
    with pytest.raises(IngestError, match=message):
        load(warehouse, tmp_path / "s.db")


@pytest.mark.parametrize(
    ("version", "zone", "note"),
    [("4.9.0", None, "local time"), ("5.0.0", None, "UTC"), ("5.0.0", "Asia/Tokyo", "Tokyo")],
)
def test_naive_times_say_how_they_were_read(tmp_path, warehouse, monkeypatch, version, zone, note):
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        make_studies(tmp_path / "s.db")
        with sqlite3.connect(tmp_path / "s.db") as connection:
            connection.execute("update version_info set library_version = ?", [version])
            connection.execute("update trials set datetime_start = '2026-07-01 12:00:00.250000'")
        load(warehouse, tmp_path / "s.db", options={"time_zone": zone} if zone else {})
        offset = {"4.9.0": -4, "5.0.0": 9 if zone else 0}[version]
        expected = datetime(2026, 7, 1, 12, 0, 0, 250000, UTC) - timedelta(hours=offset)
        assert warehouse.sql("select distinct started_at from core.trial").one().astimezone(UTC) == expected
        assert note in warehouse.sql("select time_note from core.sweep").one()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_naive_times_of_an_older_journal_are_local(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    path.write_text(path.read_text().replace("+00:00", ""))
    load(warehouse, path, options={"time_zone": "Asia/Tokyo"})
    assert "Tokyo, as asked" in warehouse.sql("select time_note from core.sweep").one()
    stored = json.loads([line for line in path.read_text().splitlines() if '"op_code":4' in line][0])["datetime_start"]
    expected = datetime.fromisoformat(stored).replace(tzinfo=UTC) - timedelta(hours=9)
    assert warehouse.sql("select started_at from core.trial").one().astimezone(UTC) == expected


def test_a_zone_that_is_none_is_refused(tmp_path, warehouse):
    make_studies(tmp_path / "s.log")
    with pytest.raises(UsageError, match="no time zone 'Mars'"):
        load(warehouse, tmp_path / "s.log", options={"time_zone": "Mars"})
