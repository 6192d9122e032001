"""W&B online: the real wandb library against a server on the loopback that speaks the part of the API that it uses."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest, preview

from .wandb_server import KEY, WandbServer

SPACE = {
    "method": "bayes",
    "metric": {"name": "score", "goal": "maximize"},
    "parameters": {
        "lr": {"min": 0.001, "max": 1.0, "distribution": "log_uniform_values"},
        "wd": {"min": -4.0, "max": 0.0, "distribution": "log_uniform"},
        "depth": {"min": 1, "max": 9},
        "model": {"parameters": {"kind": {"values": ["a", "b"]}}},
    },
}


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    server = WandbServer()
    yield server
    server.close()


def request_of(server, location="ent/proj", mapping=None, reject_to=None, **options):
    return Request(location, "w", mapping or {}, {"base_url": server.url, **options}, reject_to)


def load(warehouse, server, *arguments, **more):
    return ingest(warehouse, find_source("wandb"), request_of(server, *arguments, **more))


def rows_of(count):
    return [{"_step": step, "score": float(step)} for step in range(count)]


def test_every_run_comes_page_by_page(warehouse, server):
    for number in range(230):
        server.add(f"r{number}", config={"lr": number / 10, "net": {"depth": number}}, summary={"score": number})
    outcome = load(warehouse, server, history="none")
    assert (outcome.action, outcome.row_count) == ("load", 230)
    assert Counter(operation for operation, _ in server.asked)["Runs"] == 3
    got = warehouse.sql(
        "select t.name, t.status, p.numeric_value, m.value, t.duration from core.trial t "
        "join core.trial_parameter p using (trial_id) join core.trial_metric m using (trial_id) "
        "where p.name = 'net.depth' order by m.value"
    ).rows()
    assert got == [(f"run r{n}", "finished", float(n), float(n), 60.0) for n in range(230)]


def test_too_many_requests_are_waited_out(warehouse, server):
    server.add("r", config={"lr": 1}, summary={"score": 1})
    server.refuse = {"Runs": [2, 1]}
    assert load(warehouse, server, history="none").row_count == 1
    assert len(server.refused_at) == 2
    assert server.refused_at[1] - server.refused_at[0] >= 0.9  # Retry-After: 1


def test_states_and_what_is_no_number(warehouse, server):
    states = ("finished", "failed", "crashed", "killed", "running", "preempted", "pending")
    for state in states:
        server.add(state, config={"lr": 1}, summary={"score": "NaN"}, state=state)
    load(warehouse, server, mapping={"score": "metric"}, history="none")
    found = dict(warehouse.sql("select replace(name, 'run ', ''), status from core.trial").rows())
    assert found == {
        "finished": "finished", "failed": "failed", "crashed": "failed", "killed": "failed", "running": "running",
        "preempted": "failed", "pending": "waiting",
    }  # fmt: skip
    assert warehouse.sql("select distinct status from core.trial_metric").one() == "nan"
    server.add("odd", config={}, summary={"score": 1}, state="dreaming")
    with pytest.raises(RowsRefusedError, match="'dreaming': the state of the run is unknown"):
        load(warehouse, server, mapping={"score": "metric"}, history="none")


def test_a_sweep_says_metric_direction_and_space(warehouse, server):
    server.sweeps["sw1"] = SPACE
    server.add("in", config={"lr": 0.5, "model": {"kind": "a"}}, summary={"score": 2, "loss": 1}, sweep="sw1")
    server.add("out", config={"lr": 0.5}, summary={"score": 3, "loss": 1})
    outcome = load(warehouse, server, "ent/proj/sw1", history="none")
    assert outcome.row_count == 1
    metric = warehouse.sql(
        "select metric.name, direction from core.metric join core.sweep_metric using (metric_id)"
    ).rows()
    assert metric == [("score", "max")]
    space = warehouse.sql(
        "select sweep_parameter.name, value_type, scale, lower, upper, choices from core.sweep_parameter order by 1"
    ).rows()
    assert space[:2] == [("depth", "int", "linear", 1.0, 9.0, None), ("lr", "float", "log", 0.001, 1.0, None)]
    assert space[2] == ("model.kind", "text", "linear", None, None, '["a", "b"]')
    assert space[3][:3] == ("wd", "float", "log") and space[3][3:5] == pytest.approx((0.0183156, 1.0), rel=1e-5)


def test_sampled_and_full_histories(warehouse, server):
    server.add("exported", config={"lr": 1}, summary={"score": 999.0}, rows=rows_of(1000))
    server.add("live", config={"lr": 1}, summary={"score": 999.0}, rows=rows_of(1000))
    server.add("empty", config={"lr": 1}, summary={"score": 1.0})
    server.exported = {"exported"}
    count = (
        "select t.name, count(m.step), max(m.value) from core.trial t left join core.trial_metric m using (trial_id) "
        "group by 1"
    )
    load(warehouse, server, mapping={"score": "metric"}, samples="100")
    assert {name: n for name, n, _ in warehouse.sql(count).rows()} == {
        "run exported": 100, "run live": 100, "run empty": 0,
    }  # fmt: skip
    assert Counter(operation for operation, _ in server.asked)["RunSampledHistory"] == 2
    load(warehouse, server, mapping={"score": "metric"}, history="full")
    assert sorted(warehouse.sql(count).rows()) == [
        ("run empty", 0, 1.0), ("run exported", 1000, 999.0), ("run live", 1000, 999.0),
    ]  # fmt: skip


def test_unchanged_is_left_alone_and_changed_runs_are_updated(warehouse, server):
    run = server.add("r", config={"lr": 1}, summary={"score": 1}, state="running", rows=rows_of(3))
    load(warehouse, server)
    server.asked.clear()
    assert load(warehouse, server).action == "unchanged"
    assert Counter(operation for operation, _ in server.asked)["RunSampledHistory"] == 0
    run["state"], run["summaryMetrics"] = "finished", json.dumps({"score": 5})
    server.add("new", config={"lr": 2}, summary={"score": 2})
    outcome = load(warehouse, server)
    assert (outcome.action, outcome.row_count) == ("update", 2)
    final = (
        "select t.status, value from core.trial_metric join core.trial t using (trial_id) where step is null "
        "order by value"
    )
    assert warehouse.sql(final).rows() == [("finished", 2.0), ("finished", 5.0)]


def test_the_key_is_nowhere(warehouse, server, capfd):
    server.add("r", config={"lr": 1}, summary={"score": 1}, rows=rows_of(3))
    outcome = load(warehouse, server)
    shown = preview(find_source("wandb"), request_of(server))
    with pytest.raises(IngestError) as missing:
        load(warehouse, server, "ent/absent")
    path = warehouse.path
    warehouse.close()
    said = capfd.readouterr()
    for text in (str(outcome), str(shown), str(missing.value), said.out, said.err):
        assert KEY not in text
    assert KEY.encode() not in path.read_bytes()
    assert not [file for file in path.parent.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


def test_what_can_go_wrong_is_said(warehouse, server, monkeypatch):
    with pytest.raises(IngestError, match="Could not find project absent"):
        load(warehouse, server, "ent/absent")
    with pytest.raises(IngestError, match="holds no runs"):
        load(warehouse, server)
    with pytest.raises(UsageError, match="history=some: not understood"):
        load(warehouse, server, history="some")
    with pytest.raises(UsageError, match="has no option 'api_key'"):
        load(warehouse, server, api_key="secret")
    with pytest.raises(UsageError, match="has a password in it"):
        ingest(warehouse, find_source("wandb"), Request("ent/proj", "w", {}, {"base_url": "http://u:p@127.0.0.1"}))
    monkeypatch.delenv("WANDB_API_KEY")
    with pytest.raises(IngestError, match="No API key"):
        load(warehouse, server)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(IngestError, match=r"pip install 'hpowh\[wandb\]'"):
        load(warehouse, server)


def test_a_server_that_cannot_be_reached_is_said_at_once(warehouse, server):
    server.close()
    with pytest.raises(IngestError, match="cannot be reached: Connection refused"):
        load(warehouse, server)


def test_a_project_declared_in_a_configuration_file(hpowh, server, tmp_path):
    server.add("r", config={"lr": 1}, summary={"score": 1})
    (tmp_path / "hpowh.toml").write_text(
        f'[[source]]\nkind = "wandb"\npath = "ent/proj"\nbase_url = "{server.url}"\nhistory = "none"\n'
    )
    hpowh("init")
    done = hpowh("ingest")
    assert done.returncode == 0, done.stderr
    assert "Loaded proj: 1 rows" in done.stderr
