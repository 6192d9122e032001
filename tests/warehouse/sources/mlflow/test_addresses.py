"""Addresses of MLflow's pages: a run's trial links to where it came from."""

from __future__ import annotations

import sqlite3

import pytest

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

RUN = "0" * 31 + "a"


@pytest.fixture(params=["folder", "database"])
def store(request, tmp_path):
    """One run of an experiment whose id is 7."""
    if request.param == "folder":
        run = tmp_path / "mlruns" / "7" / RUN
        (run / "metrics").mkdir(parents=True)
        (run.parent / "meta.yaml").write_text("experiment_id: '7'\nname: e\nlifecycle_stage: active\n")
        (run / "meta.yaml").write_text(
            f"run_id: {RUN}\nexperiment_id: '7'\nstatus: 3\nstart_time: 1\nend_time: 2\nlifecycle_stage: active\n"
        )
        (run / "metrics" / "loss").write_text("1000 0.5 0\n")
        return tmp_path / "mlruns"
    path = tmp_path / "mlflow.db"
    columns = "key text, value double, timestamp bigint, step bigint, is_nan boolean, run_uuid text"
    with sqlite3.connect(path) as database:
        database.executescript(
            f"""
            create table experiments (experiment_id integer primary key, name text, lifecycle_stage text);
            create table runs (run_uuid text primary key, name text, experiment_id integer, status text,
              start_time bigint, end_time bigint, lifecycle_stage text);
            create table metrics ({columns}); create table latest_metrics ({columns});
            create table params (key text, value text, run_uuid text);
            create table tags (key text, value text, run_uuid text);
            insert into experiments values (7, 'e', 'active');
            insert into runs values ('{RUN}', 'r', 7, 'FINISHED', 1, 2, 'active');
            insert into metrics values ('loss', 0.5, 1000, 0, 0, '{RUN}');
            insert into latest_metrics values ('loss', 0.5, 1000, 0, 0, '{RUN}');
            """
        )
    database.close()
    return path


def load(warehouse, store, **options):
    request = Request(str(store), "m", {"loss": "metric"}, {"direction": "min", **options}, None)
    return ingest(warehouse, find_source("mlflow"), request)


def addresses(warehouse):
    return warehouse.sql("select value->>'$' from core.trial_attribute where name = 'url'").rows()


def test_a_server_gives_every_trial_its_address(warehouse, store):
    load(warehouse, store, server="https://mlflow.example.org/base/")
    assert addresses(warehouse) == [(f"https://mlflow.example.org/base/#/experiments/7/runs/{RUN}",)]


def test_without_a_server_there_is_no_address(warehouse, store):
    load(warehouse, store)
    assert addresses(warehouse) == []


@pytest.mark.parametrize(
    "server", ["javascript:alert(1)", "mlflow.example.org", "https://me:secret@x.org", "http://a b"]
)
def test_what_is_no_address_is_refused(warehouse, store, server):
    with pytest.raises(UsageError, match="no address of a server"):
        load(warehouse, store, server=server)
    assert warehouse.sql("select count(*) from core.trial").one() == 0
