"""The source `ray-tune`: folders in Ray 2.60's form, built here; and, slow, folders that Ray itself wrote."""

from __future__ import annotations

import json
import math
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, preview
from hpowh.warehouse.ingest.protocol import RowsRefusedError

from ..stored import counts, load, trials

HERE = Path(__file__).parent
START = 1_700_000_000.0
STATE = "experiment_state-2026-11-21_10-00-00.json"
NAMES = {"a.b": 1.5, "with space": 2, 'qu"ote': "x", "drop table core.trial; --": 3.25, "<b>html</b>": "é"}


class Opened:
    """Tells when somebody unpickles it."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def line(step: int, done: bool = False, **reported) -> dict:
    return {**reported, "timestamp": int(START) + step, "done": done, "training_iteration": step, "pid": 1,
            "time_total_s": step / 2, "hostname": "h", "config": {"repeated": 1}}  # fmt: skip


def add_trial(
    folder: Path, number: int, status: str, config: dict, lines: list[dict], error: str = "", **state
) -> None:
    """Write a trial's folder and its entry in the experiment's state, as Ray 2.60 does."""
    place = folder / f"train_{number:05d}_lr={number}"
    place.mkdir(parents=True)
    (place / "params.json").write_text(json.dumps(config))
    (place / "result.json").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (place / "params.pkl").write_bytes(pickle.dumps(Opened()))
    if error:
        (place / "error.txt").write_text(error)
        (place / "error.pkl").write_bytes(pickle.dumps(Opened()))
    trial = {"trial_id": f"t_{number:05d}", "status": status, "config": config, "relative_logdir": place.name, **state}
    runtime = {"start_time": START + number, "last_result_time": START + number + 5, "last_result": {}}
    file = folder / STATE
    found = json.loads(file.read_text()) if file.exists() else {"trial_data": [], "runner_data": {"_metric": None}}
    found["trial_data"].append([json.dumps(trial), json.dumps(runtime)])
    file.write_text(json.dumps(found))


@pytest.fixture
def folder(tmp_path) -> Path:
    """Four trials: whole, stopped by a scheduler, failed after a report, failed before the first."""
    found = tmp_path / "exp"
    steps = [line(step, loss=1 / step, nested={"acc": step / 10}, label="<i>") for step in (1, 2, 3)]
    add_trial(found, 0, "TERMINATED", {"opt": {"lr": 0.1, "name": "sgd"}, "units": [1, 2], **NAMES}, steps)
    add_trial(found, 1, "TERMINATED", {"opt": {"lr": 0.2}, "act": None}, [line(1, True, loss=9.0)])
    add_trial(found, 2, "ERROR", {"opt": {"lr": 0.3}, "act": True}, [line(1, loss=5.0)], "ValueError: <b>hot</b>")
    add_trial(found, 3, "ERROR", {"opt": {"lr": "auto"}, "act": 3}, [], "at once")
    return found


def test_load_keeps_reports_states_times_and_errors(warehouse, folder):
    outcome = load(warehouse, "ray-tune", folder, mapping={"loss": "metric"}, options={"direction": "min"})
    whole, stopped, failed, silent = trials(warehouse)
    assert whole["name"] == "t_00000"
    assert whole["parameters"] == {"opt.lr": 0.1, "opt.name": "sgd", "units": "[1, 2]", **NAMES}
    assert whole["values"] == {("loss", 1): 1.0, ("loss", 2): 0.5, ("loss", 3): 1 / 3, ("loss", None): 1 / 3}
    assert (whole["status"], whole["duration"]) == ("finished", 1.5)
    assert whole["started_at"].astimezone(UTC) == datetime.fromtimestamp(START, UTC)
    assert whole["attributes"]["nested.acc"] == 0.3
    assert whole["attributes"]["label"] == "<i>"
    assert (stopped["status"], stopped["values"]) == ("pruned", {("loss", 1): 9.0})
    assert stopped["parameters"] == {"opt.lr": 0.2, "act": "null"}
    assert (failed["status"], failed["values"]) == ("failed", {("loss", 1): 5.0})
    assert failed["attributes"]["error"] == "ValueError: <b>hot</b>"
    assert failed["parameters"]["act"] == "true"
    assert (silent["status"], silent["values"], silent["parameters"]["opt.lr"]) == ("failed", {}, "auto")
    assert outcome.notes[1].startswith("1 trials were ended early by a scheduler")
    assert any("Of more than one type" in note and "opt.lr" in note for note in outcome.notes)


def test_a_stopped_trial_counts_as_finished_when_asked(warehouse, folder):
    options = {"direction": "min", "stopped": "finished"}
    load(warehouse, "ray-tune", folder, mapping={"loss": "metric"}, options=options)
    assert trials(warehouse)[1]["values"] == {("loss", 1): 9.0, ("loss", None): 9.0}


def test_a_trial_that_met_the_users_own_criterion_is_finished(warehouse, tmp_path):
    add_trial(tmp_path / "e", 0, "TERMINATED", {"x": 1}, [line(s, loss=1.0) for s in (1, 2)])
    met = {"stopping_criterion": {"loss": 0.5}}
    add_trial(tmp_path / "e", 1, "TERMINATED", {"x": 2}, [line(1, True, loss=0.1)], **met)
    load(warehouse, "ray-tune", tmp_path / "e")
    assert [t["status"] for t in trials(warehouse)] == ["finished", "finished"]


def test_the_metric_is_given_or_the_experiments_or_the_only_one(warehouse, folder):
    with pytest.raises(UsageError, match="which reported number is the metric.*loss, nested.acc"):
        load(warehouse, "ray-tune", folder)
    with pytest.raises(UsageError, match="No trial reports 'gain'"):
        load(warehouse, "ray-tune", folder, mapping={"gain": "metric"})
    both = {"loss": "metric", "nested.acc": "metric:accuracy"}
    load(warehouse, "ray-tune", folder, mapping=both)
    assert warehouse.sql("select name, direction from core.metric order by name").rows() == [
        ("accuracy", "max"),
        ("loss", "min"),
    ]
    assert trials(warehouse)[0]["values"]["accuracy", None] == 0.3
    state = json.loads((folder / STATE).read_text())
    state["runner_data"]["_metric"] = "nested/acc"
    (folder / STATE).write_text(json.dumps(state))
    load(warehouse, "ray-tune", folder, "by-state")
    assert set(trials(warehouse, "by-state")[0]["values"]) == {("nested.acc", s) for s in (1, 2, 3, None)}


def test_nan_and_infinities_keep_their_status(warehouse, tmp_path):
    for number, value in enumerate((math.nan, math.inf, -math.inf)):
        add_trial(tmp_path / "e", number, "TERMINATED", {"x": number}, [line(1, loss=value)])
    load(warehouse, "ray-tune", tmp_path / "e")
    assert [t["values"]["loss", None] for t in trials(warehouse)] == ["nan", "inf", "neg_inf"]


def test_the_newest_state_counts_and_new_trials_are_added(warehouse, folder):
    asked = {"mapping": {"loss": "metric"}, "options": {"direction": "min"}}
    assert load(warehouse, "ray-tune", folder, **asked).action == "load"
    assert load(warehouse, "ray-tune", folder, **asked).action == "unchanged"
    before = counts(warehouse)
    older = json.loads((folder / STATE).read_text())
    (folder / "experiment_state-2025-01-01_00-00-00.json").write_text(json.dumps({"trial_data": []}))
    assert load(warehouse, "ray-tune", folder, **asked).action == "unchanged"
    add_trial(folder, 4, "RUNNING", {"opt": {"lr": 0.5}}, [line(1, loss=3.0)])
    first = json.loads(older["trial_data"][3][0]) | {"status": "PENDING"}
    state = json.loads((folder / STATE).read_text())
    state["trial_data"][3][0] = json.dumps(first)
    (folder / STATE).write_text(json.dumps(state))
    outcome = load(warehouse, "ray-tune", folder, **asked)
    assert outcome.action == "update"
    assert counts(warehouse)["trial"] == before["trial"] + 1
    assert [t["status"] for t in trials(warehouse)] == ["finished", "pruned", "failed", "waiting", "running"]
    assert any("1 older experiment states" in note for note in outcome.notes)


def test_a_folder_that_is_written_while_it_is_read(warehouse, folder):
    file = folder / "train_00000_lr=0" / "result.json"
    file.write_text(file.read_text() + '{"loss": 0.1, "trai')
    (folder / "train_00009_new").mkdir()
    (folder / "train_00009_new" / "params.json").write_text('{"opt": {"lr": 0.9}}')
    outcome = load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    assert any("1 result files end within a line" in note for note in outcome.notes)
    stored = trials(warehouse)
    assert len(stored[0]["values"]) == 4
    assert (stored[-1]["name"], stored[-1]["status"]) == ("train_00009_new", "running")


def test_progress_csv_stands_in_where_there_is_no_result_json(warehouse, folder):
    place = folder / "train_00000_lr=0"
    (place / "result.json").unlink()
    header = "loss,label,done,training_iteration,time_total_s,nested/acc"
    (place / "progress.csv").write_text(f"{header}\n1.0,<i>,False,1,0.5,0.1\n0.5,<i>,False,2,1.0,0.2\n0.25,<")
    outcome = load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    first = trials(warehouse)[0]
    assert first["values"] == {("loss", 1): 1.0, ("loss", 2): 0.5, ("loss", None): 0.5}
    assert (first["status"], first["attributes"]["nested.acc"], first["duration"]) == ("finished", 0.2, 1.0)
    assert any("end within a line" in note for note in outcome.notes)


def test_files_of_a_checkpoint_are_no_experiment_of_their_own(warehouse, folder):
    checkpoint = folder / "train_00000_lr=0" / "checkpoint_000001"
    checkpoint.mkdir()
    (checkpoint / "params.json").write_text("{}")
    load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    assert counts(warehouse)["sweep"] == 1


def test_without_a_state_the_trials_own_files_say_it(warehouse, folder):
    (folder / STATE).unlink()
    outcome = load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    assert [t["status"] for t in trials(warehouse)] == ["running", "finished", "failed", "failed"]
    assert any("There is no experiment state" in note for note in outcome.notes)


def test_states_of_before_ray_2_5(warehouse, folder):
    """Older Ray is not installed here; its writer's form (`checkpoints`, JSON texts) is made from the same trials."""
    state = json.loads((folder / STATE).read_text())
    old = {"checkpoints": [pair[0] for pair in state["trial_data"]], "runner_data": {"_metric": "loss"}}
    (folder / STATE).write_text(json.dumps(old))
    load(warehouse, "ray-tune", folder)
    assert [t["status"] for t in trials(warehouse)] == ["finished", "pruned", "failed", "failed"]


def test_bad_lines_refuse_the_load_or_are_written_out(warehouse, folder, tmp_path):
    file = folder / "train_00000_lr=0" / "result.json"
    file.write_text("{broken\n[1]\n" + file.read_text())
    with pytest.raises(RowsRefusedError, match="row 1, column 'train_00000_lr=0/result.json'.*row 2"):
        load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    assert counts(warehouse)["trial"] == 0
    outcome = load(warehouse, "ray-tune", folder, mapping={"loss": "metric"}, reject_to=tmp_path / "bad.csv")
    assert (outcome.row_count, outcome.refused_count) == (4, 2)


def test_what_cannot_be_read_is_said(warehouse, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="neither an experiment_state"):
        load(warehouse, "ray-tune", tmp_path / "empty")
    (folder / STATE).write_text((folder / STATE).read_text()[:-5])
    with pytest.raises(IngestError, match=r"experiment_state-.* is not whole"):
        load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    (folder / STATE).write_text('{"other": 1}')
    with pytest.raises(IngestError, match="no experiment state as Ray Tune writes it"):
        load(warehouse, "ray-tune", folder, mapping={"loss": "metric"})
    with pytest.raises(UsageError, match="one of: pruned, finished"):
        load(warehouse, "ray-tune", folder, options={"stopped": "maybe"})


def test_preview_writes_nothing(folder):
    shown = preview(find_source("ray-tune"), Request(str(folder), "x", {"loss": "metric"}))
    assert ("loss", "metric (min)") in [row[:2] for row in shown.mapping]
    assert shown.row_count == 4


@pytest.mark.slow
def test_load_equals_what_ray_reads_back(peer, warehouse, tmp_path):
    peer("ray").run(HERE / "make_ray.py", tmp_path / "out", cwd=tmp_path, timeout=300)
    says = json.loads((tmp_path / "out" / "ray_says.json").read_text())
    load(warehouse, "ray-tune", tmp_path / "out" / "plain", "plain", mapping={"loss": "metric"})
    load(warehouse, "ray-tune", tmp_path / "out" / "asha", "asha", options={"direction": "min"})
    plain = {t["name"]: t for t in trials(warehouse, "plain")}
    for one in says["plain"]:
        trial = plain[one["last"]["trial_id"]]
        assert trial["status"] == ("failed" if one["error"] else "finished")
        steps = [step for _, step in trial["values"] if step is not None]
        assert len(steps) == (one["iterations"] or 0)
        if one["error"]:
            assert ("too <b>hot</b>" in trial["attributes"]["error"]) or ("at once" in trial["attributes"]["error"])
            continue
        last = one["last"]["loss"]
        shown = "nan" if math.isnan(last) else "inf" if math.isinf(last) else last
        assert trial["values"]["loss", None] == shown
    assert {t["parameters"]["act"] for t in plain.values()} == {"null", "relu", 3.0, "true", 0.5, "x"}
    assert all("Thing object" in t["parameters"]["thing"] for t in plain.values())
    asha = {t["name"]: t for t in trials(warehouse, "asha")}
    for one in says["asha"]:
        trial = asha[one["last"]["trial_id"]]
        assert trial["status"] == ("finished" if one["iterations"] == 8 else "pruned")
        assert trial["values"]["nested.loss", one["iterations"]] == one["last"]["nested"]["loss"]
    assert {t["status"] for t in asha.values()} == {"finished", "pruned"}
