"""W&B's offline run folders, written by the real wandb in offline mode (and killed, and cut off)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest, preview

HOSTILE = """<b>'"; drop table core.trial; --"""
SCRIPT = """
import os, sys, time
import wandb

folder, hostile = sys.argv[1:]
def run(name, config, steps, exit_code=0, **more):
    one = wandb.init(project="proj", mode="offline", dir=folder, name=name, config=config, **more)
    for step in steps:
        one.log(step)
    return one

adam = {"name": "adam", "betas": [0.9, 0.99]}
steps = [{"loss": 1 / (i + 1), "sub": {"acc": i}} for i in range(5)]
run("first", {"lr": 0.1, "opt": adam, "depth": None, "bias": True}, steps,
    tags=["a", "b"], notes="hello", group="g").finish()
run("fails", {"lr": 0.2}, [{"loss": 0.9}]).finish(exit_code=3)
run(hostile, {"lr": "large", hostile + "!": 1, "a.b c": 2}, [{"loss": float("nan")}]).finish()
infinite = run("infinite", {"lr": 1}, [{"loss": float("inf")}])
infinite.define_metric("best", summary="min")
for value in (3.0, 1.0, 2.0):
    infinite.log({"best": value})
infinite.finish()
swept = wandb.Settings(sweep_id="sw1")
run("of a sweep", {"lr": 0.5, "long": "x" * 70000}, [{"loss": 0.25}], settings=swept).finish()
run("killed", {"lr": 0.6}, [{"loss": 1 / (i + 1)} for i in range(2000)], settings=swept)
time.sleep(1)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder `wandb` with six runs; the last was killed."""
    folder = tmp_path_factory.mktemp("offline")
    environment = {**os.environ, "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
    command = [sys.executable, "-c", SCRIPT, str(folder), HOSTILE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -9, done.stderr[-2000:]
    return folder / "wandb"


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it that a test may damage."""
    return shutil.copytree(made, tmp_path / "wandb", symlinks=True)


def load(warehouse, location, mapping=None, reject_to=None, **options):
    mapping = {"loss": "metric"} if mapping is None else mapping
    return ingest(warehouse, find_source("wandb"), Request(str(location), "w", mapping, options, reject_to))


def file_of(folder, name):
    """The .wandb file of the run with this name."""
    return next(path for path in folder.glob("offline-run-*/*.wandb") if name.encode() in path.read_bytes())


def test_runs_become_trials(warehouse, folder):
    outcome = load(warehouse, folder)
    assert (outcome.action, outcome.row_count) == ("load", 6)
    trials = warehouse.sql(
        "select s.name, t.name, t.number, t.status, t.started_at is not null, t.ended_at >= t.started_at "
        "from core.trial t join core.sweep s using (sweep_id) order by t.started_at"
    ).rows()
    assert trials == [
        ("proj", "first", 0, "finished", True, True),
        ("proj", "fails", 1, "failed", True, True),
        ("proj", HOSTILE, 2, "finished", True, True),
        ("proj", "infinite", 3, "finished", True, True),
        ("proj/sw1", "of a sweep", 0, "finished", True, True),
        ("proj/sw1", "killed", 1, "running", True, None),
    ]
    assert any("1 runs have no end on record" in note for note in outcome.notes)


def test_configurations_are_flattened_and_keep_their_types(warehouse, folder):
    load(warehouse, folder)
    of = "from core.trial_parameter p join core.trial t using (trial_id) where t.name = "
    first = warehouse.sql(f"select p.name, numeric_value, text_value {of} 'first' order by p.name").rows()
    assert first == [
        ("bias", None, "true"), ("depth", None, "None"), ("lr", 0.1, "0.1"), ("opt.betas", None, "[0.9, 0.99]"),
        ("opt.name", None, "adam"),
    ]  # fmt: skip
    hostile = warehouse.sql(f"select p.name {of} $name order by p.name", {"name": HOSTILE}).rows()
    assert [name for (name,) in hostile] == sorted([HOSTILE + "!", "a.b c", "lr"])
    kinds = "select value_type from core.sweep_parameter join core.sweep s using (sweep_id) where s.name = 'proj'"
    assert warehouse.sql(f"{kinds} and sweep_parameter.name = 'lr'").one() == "mixed"
    assert warehouse.sql(f"{kinds} and sweep_parameter.name = 'bias'").one() == "bool"
    assert warehouse.sql(f"select length(text_value) {of} 'of a sweep' and p.name = 'long'").one() == 70000


def test_values_keep_their_steps_and_what_is_no_number_its_status(warehouse, folder):
    load(warehouse, folder, {"loss": "metric", "sub.acc": "attribute"})
    values = warehouse.sql(
        "select t.name, m.step, m.value, m.status from core.trial_metric m join core.trial t using (trial_id) "
        "order by t.started_at, m.step nulls first"
    ).rows()
    first = [(step, value) for name, step, value, _ in values if name == "first"]
    assert first == [(None, 0.2), *((i, 1 / (i + 1)) for i in range(5))]
    assert {status for name, _, _, status in values if name == HOSTILE} == {"nan"}
    assert {status for name, step, _, status in values if name == "infinite" and step == 0} == {"inf"}
    killed = [(step, value) for name, step, value, _ in values if name == "killed" and step is not None]
    assert killed == [(i, 1 / (i + 1)) for i in range(len(killed))]  # what its process had not written down is lost
    assert len(killed) > 50
    told = warehouse.sql(
        "select a.name, a.value from core.trial_attribute a join core.trial t using (trial_id) where t.name = 'first'"
    ).rows()
    attributes = {name: json.loads(value) for name, value in told}
    assert attributes["tags"] == ["a", "b"] and attributes["notes"] == "hello" and attributes["group"] == "g"
    assert attributes["sub.acc"] == 4 and attributes["exit_code"] == 0


def test_a_summary_other_than_the_last_value_has_the_history_of_what_it_sums_up(warehouse, folder):
    load(warehouse, folder, {"best.min": "metric:best"}, sweep="proj")
    rows = warehouse.sql(
        "select step, value from core.trial_metric m join core.trial t using (trial_id) where t.name = 'infinite' "
        "order by 1 nulls first"
    ).rows()
    assert rows == [(None, 1.0), (1, 3.0), (2, 1.0), (3, 2.0)]


def test_a_killed_run_can_be_called_failed(warehouse, folder):
    load(warehouse, folder, unfinished="failed")
    assert warehouse.sql("select status from core.trial where name = 'killed'").one() == "failed"
    with pytest.raises(UsageError, match="unfinished=maybe"):
        load(warehouse, folder, unfinished="maybe")


def test_the_same_content_is_left_alone_and_a_new_run_is_added(warehouse, folder, tmp_path):
    aside = tmp_path / "aside"
    shutil.move(file_of(folder, "fails").parent, aside)
    assert load(warehouse, folder).row_count == 5
    assert load(warehouse, folder).action == "unchanged"
    shutil.move(aside, folder / "offline-run-moved")
    outcome = load(warehouse, folder)
    assert (outcome.action, outcome.row_count) == ("update", 6)
    assert warehouse.sql("select count(*) from core.trial").one() == 6
    assert warehouse.sql("select count(*) from core.sweep").one() == 2


def test_a_file_that_grows_while_it_is_read_gives_what_it_held_at_first(warehouse, folder, tmp_path):
    whole = file_of(folder, "first")
    content = whole.read_bytes()
    live = tmp_path / "live.wandb"
    live.write_bytes(content[: len(content) * 8 // 10])

    def keep_writing(message: str, _share: float | None) -> None:
        if message == "parameters":
            live.write_bytes(content)

    request = Request(str(live), "live", {"loss": "metric"})
    ingest(warehouse, find_source("wandb"), request, progress=keep_writing)
    before = warehouse.sql("select count(*) from core.trial_metric").one()
    assert warehouse.sql("select status from core.trial").one() == "running"
    assert ingest(warehouse, find_source("wandb"), request).action == "update"
    assert warehouse.sql("select status from core.trial").one() == "finished"
    assert warehouse.sql("select count(*) from core.trial_metric").one() == 6 > before


def test_a_file_cut_off_keeps_what_stands_before(warehouse, folder):
    path = file_of(folder, "first")
    path.write_bytes(path.read_bytes()[:-20])
    outcome = load(warehouse, folder)
    assert outcome.row_count == 6
    assert any(f"{path.name}: cut off at byte" in note and "is kept" in note for note in outcome.notes)
    assert warehouse.sql("select status from core.trial where name = 'first'").one() == "running"


def test_a_resumed_run_is_one_trial(warehouse, folder):
    path = file_of(folder, "fails")
    shutil.copytree(path.parent, folder / "offline-run-resumed")
    outcome = load(warehouse, folder)
    assert outcome.row_count == 6
    assert any("1 runs were resumed" in note for note in outcome.notes)
    assert warehouse.sql("select count(*) from core.trial_metric m join core.trial t using (trial_id) "
                         "where t.name = 'fails'").one() == 2  # fmt: skip


def test_files_that_are_no_runs_are_refused_or_set_aside(warehouse, folder, tmp_path):
    (folder / "not-a-run.wandb").write_bytes(b"something else altogether")
    (folder / "just-begun.wandb").write_bytes(b"")
    with pytest.raises(RowsRefusedError, match=r"not-a-run\.wandb.*does not begin as a \.wandb file does"):
        load(warehouse, folder)
    assert warehouse.sql("select count(*) from core.trial").one() == 0
    outcome = load(warehouse, folder, reject_to=tmp_path / "refused.csv")
    assert (outcome.row_count, outcome.refused_count) == (6, 1)
    assert "not-a-run.wandb" in (tmp_path / "refused.csv").read_text()
    assert any("1 files hold no run yet" in note for note in outcome.notes)


def test_which_value_is_the_metric(warehouse, folder):
    assert load(warehouse, folder, {}).notes[0] == "2 sweeps."
    assert warehouse.sql("select name from core.metric").one() == "loss"
    with pytest.raises(UsageError, match=r"no run has 'lss'"):
        load(warehouse, folder, {"lss": "metric"})


def test_a_metric_that_is_a_text_refuses_its_run(warehouse, folder, tmp_path):
    script = (
        "import sys, wandb; r = wandb.init(project='p', mode='offline', dir=sys.argv[1]);"
        "r.log({'loss': 1}); r.summary['loss'] = 'low'; r.finish()"
    )
    environment = {**os.environ, "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
    subprocess.run([sys.executable, "-c", script, str(folder)], env=environment, check=True, timeout=60)
    with pytest.raises(RowsRefusedError, match="'low'.*the metric is no number"):
        load(warehouse, folder)
    assert load(warehouse, folder, reject_to=tmp_path / "refused.csv").row_count == 6


def test_dry_run_shows_and_writes_nothing(folder):
    shown = preview(find_source("wandb"), Request(str(folder), "w", {"loss": "metric"}))
    assert shown.row_count == 6
    assert ("summary.loss", "metric", "given") in shown.mapping
    assert ("config.opt.name", "hyperparameter", "it is configured") in shown.mapping
    assert shown.rows[0][:3] == ("proj", "first", "finished")


def test_a_folder_without_runs_and_a_path_that_is_none(warehouse, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match=r"holds no \.wandb file"):
        load(warehouse, tmp_path / "empty")
    with pytest.raises(IngestError, match="There is no file"):
        load(warehouse, tmp_path / "absent")


def test_a_sweep_can_be_a_run_of_an_experiment(warehouse, folder):
    said = {"algorithm": "random", "benchmark": "b", "seed": "3", "experiment": "e"}
    load(warehouse, folder, sweep="proj", constants=said)
    run = warehouse.sql(
        "select a.name as algorithm, b.name as benchmark, seed, e.name as experiment, s.name as sweep from core.run "
        "join core.algorithm a using (algorithm_id) join core.benchmark b on b.benchmark_id = run.benchmark_id "
        "join core.experiment e using (experiment_id) join core.sweep s using (sweep_id)"
    ).rows()
    assert run == [("random", "b", 3, "e", "proj")]
    assert warehouse.sql("select count(*) from core.trace").one() == 4
