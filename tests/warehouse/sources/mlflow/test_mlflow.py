"""MLflow's SQLite stores and `mlruns` folders, written by the real mlflow in an environment of its own."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest, preview

HOSTILE = 'a "q": <b> x -- a rather long name of an experiment that the writer of YAML folds into several lines'
"""MLflow itself cannot look an experiment up whose name has an apostrophe; the name of a run below has one."""
SCRIPT = """
import sys
import mlflow
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
hostile = sys.argv[2]
mlflow.set_experiment("first")
with mlflow.start_run(run_name="parent"):
    mlflow.set_tag("team", "x")
    for lr in (0.1, 0.2):
        with mlflow.start_run(run_name=f"child {lr}", nested=True):
            mlflow.log_params({"lr": lr, "opt": "adam", "layers": [1, 2], "net": {"depth": 3}, "none": None,
                               "bias": True, "decay": 1e-5, "n": 7})
            for step in range(3):
                mlflow.log_metric("loss", lr / (step + 1), step=step)
            mlflow.log_metric("odd", float("inf") if lr == 0.1 else float("nan"))
            mlflow.log_metric("val/loss", -float("inf"))
try:
    with mlflow.start_run(run_name="fails"):
        mlflow.log_param("lr", "large")
        mlflow.log_metric("loss", 3)
        raise ValueError
except ValueError:
    pass
with mlflow.start_run(run_name="same step"):
    for value in (3.0, 2.0, 1.0):
        mlflow.log_metric("loss", value)
mlflow.start_run(run_name="killed"); mlflow.end_run("KILLED")
gone = mlflow.start_run(run_name="gone"); mlflow.end_run(); mlflow.delete_run(gone.info.run_id)
experiment = mlflow.set_experiment(hostile)
mlflow.set_experiment_tags({"algorithm": "TPE", "benchmark": "b", "seed": "4"})
with mlflow.start_run(run_name="<i>it's: 'x'</i>"):
    mlflow.log_param("a.b c", "; drop table core.trial")
    mlflow.log_metric("loss", 0.5)
MlflowClient().create_run(experiment.experiment_id, run_name="running")
deleted = mlflow.set_experiment("deleted")
mlflow.start_run(); mlflow.log_metric("loss", 1); mlflow.end_run()
mlflow.delete_experiment(deleted.experiment_id)
"""
SQLITE, FOLDER = "store.db", "mlruns"


@pytest.fixture(scope="module")
def made(peer, tmp_path_factory):
    """A folder with the same runs in both kinds of store."""
    tool, folder = peer("mlflow"), tmp_path_factory.mktemp("mlflow")
    for uri in (f"sqlite:///{folder}/{SQLITE}", str(folder / FOLDER)):
        tool.run(SCRIPT, uri, HOSTILE, cwd=folder, env={"MLFLOW_ALLOW_FILE_STORE": "true"}, timeout=240)
    return folder


@pytest.fixture(params=[SQLITE, FOLDER])
def store(request, made, tmp_path):
    """A copy of one store that a test may change."""
    copy = shutil.copytree(made / request.param, tmp_path / FOLDER) if request.param == FOLDER else None
    return copy or shutil.copy(made / request.param, tmp_path / SQLITE)


def load(warehouse, location, mapping=None, reject_to=None, name="m", replace_old=False, **options):
    mapping = {"loss": "metric"} if mapping is None else mapping
    request = Request(str(location), name, mapping, options, reject_to)
    return ingest(warehouse, find_source("mlflow"), request, replace_old=replace_old)


def test_runs_become_trials_of_their_experiment(warehouse, store):
    outcome = load(warehouse, store)
    assert (outcome.action, outcome.row_count) == ("load", 7)
    got = warehouse.sql(
        "select s.name, t.name, t.status, t.ended_at is null from core.trial t join core.sweep s using (sweep_id) "
        "order by t.started_at"
    ).rows()
    assert got == [
        ("first", "child 0.1", "finished", False),
        ("first", "child 0.2", "finished", False),
        ("first", "fails", "failed", False),
        ("first", "same step", "finished", False),
        ("first", "killed", "failed", False),
        (HOSTILE, "<i>it's: 'x'</i>", "finished", False),
        (HOSTILE, "running", "running", True),
    ]
    said = " ".join(outcome.notes)
    assert "2 deleted runs are left out" in said
    assert "1 parents of nested runs are no trials: they logged nothing themselves" in said
    assert "2 values of a history have the step of a later one" in said


def test_parameters_have_their_types_again(warehouse, store):
    load(warehouse, store)
    got = warehouse.sql(
        "select p.name, numeric_value, text_value from core.trial_parameter p join core.trial t using (trial_id) "
        "where t.name = 'child 0.1' order by 1"
    ).rows()
    assert got == [
        ("bias", None, "true"), ("decay", 1e-5, "1e-05"), ("layers", None, "[1, 2]"), ("lr", 0.1, "0.1"),
        ("n", 7.0, "7"), ("net", None, "{'depth': 3}"), ("none", None, "None"), ("opt", None, "adam"),
    ]  # fmt: skip
    kinds = dict(
        warehouse.sql("select p.name, value_type from core.sweep_parameter p join core.sweep s using (sweep_id)").rows()
    )
    assert (kinds["lr"], kinds["n"], kinds["decay"], kinds["bias"]) == ("mixed", "int", "float", "bool")
    assert kinds["a.b c"] == "text"


def test_values_with_their_steps(warehouse, store):
    mapping = {"loss": "metric", "odd": "metric", "val/loss": "metric:validation"}
    outcome = load(warehouse, store, mapping, sweep="first")
    got = warehouse.sql(
        "select t.name, m.name, v.step, v.value, v.status from core.trial_metric v join core.trial t using (trial_id) "
        "join core.metric m using (metric_id) order by t.number, m.name, v.step nulls first"
    ).rows()
    first = [row[1:] for row in got if row[0] == "child 0.1"]
    assert first == [
        ("loss", None, pytest.approx(0.1 / 3), "ok"), ("loss", 0, 0.1, "ok"), ("loss", 1, 0.05, "ok"),
        ("loss", 2, pytest.approx(0.1 / 3), "ok"), ("odd", None, None, "inf"), ("odd", 0, None, "inf"),
        ("validation", None, None, "neg_inf"), ("validation", 0, None, "neg_inf"),
    ]  # fmt: skip
    assert [row[1:] for row in got if row[0] == "child 0.2" and row[1] == "odd"][0] == ("odd", None, None, "nan")
    same = [row[2:4] for row in got if row[:2] == ("same step", "loss")]
    assert same == [(None, 1.0), (0, 1.0)]
    if store.name == SQLITE:
        assert any("is how MLflow stores infinity" in note for note in outcome.notes)


def test_tags_and_parents_are_attributes(warehouse, store):
    load(warehouse, store, deleted="keep", sweep="first")
    told = dict(
        warehouse.sql(
            "select a.name, a.value from core.trial_attribute a join core.trial t using (trial_id) "
            "where t.name = 'child 0.1'"
        ).rows()
    )
    assert told["parent"] == '"parent"' and told["mlflow_status"] == '"FINISHED"' and "user" in told
    assert warehouse.sql("select count(*) from core.trial where name = 'gone'").one() == 1


def test_nested_runs_can_be_sweeps_of_their_own(warehouse, store):
    load(warehouse, store, sweep_by="parent")
    counts = warehouse.sql(
        "select s.name, count(*) from core.trial join core.sweep s using (sweep_id) group by 1"
    ).rows()
    assert dict(counts) == {"first/parent": 2, "first": 3, HOSTILE: 2}
    with pytest.raises(UsageError, match="sweep_by=tag"):
        load(warehouse, store, sweep_by="tag")


def test_tags_of_an_experiment_make_it_a_run(warehouse, store):
    load(warehouse, store)
    got = warehouse.sql(
        "select a.name, b.name, seed, s.name from core.run join core.algorithm a using (algorithm_id) "
        "join core.benchmark b on b.benchmark_id = run.benchmark_id join core.sweep s using (sweep_id)"
    ).rows()
    assert got == [("TPE", "b", 4, HOSTILE)]


def test_both_stores_say_the_same(warehouse, made):
    tables = []
    for name in (SQLITE, FOLDER):
        load(warehouse, made / name, replace_old=True)
        query = (
            "select s.name, t.name, t.status, p.name, p.numeric_value, p.text_value, m.step, m.value, m.status "
            "from core.trial t join core.sweep s using (sweep_id) left join core.trial_parameter p using (trial_id) "
            "left join core.trial_metric m using (trial_id) order by all"
        )
        tables.append(warehouse.sql(query).rows())
    assert tables[0] == tables[1]


def test_the_same_content_is_left_alone_and_new_runs_are_added(warehouse, store, peer, tmp_path):
    load(warehouse, store)
    assert load(warehouse, store).action == "unchanged"
    script = (
        "import sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_experiment('first')\n"
        "with mlflow.start_run(run_name='late'): mlflow.log_metric('loss', 0.1)"
    )
    uri = str(store) if store.is_dir() else f"sqlite:///{store}"
    peer("mlflow").run(script, uri, cwd=tmp_path, env={"MLFLOW_ALLOW_FILE_STORE": "true"})
    outcome = load(warehouse, store)
    assert (outcome.action, outcome.row_count) == ("update", 8)
    assert warehouse.sql("select count(*) from core.trial").one() == 8


def test_a_store_that_is_written_to_while_it_is_read(warehouse, made, tmp_path):
    path = shutil.copy(made / SQLITE, tmp_path / SQLITE)
    writer = sqlite3.connect(path)
    writer.execute("pragma journal_mode = wal")
    count = "select count(*) from core.trial_metric where step is not null"

    def keep_writing(message: str, _share: float | None) -> None:
        if message == "parameters":
            writer.execute(
                "insert into metrics select key, 9, timestamp + 1, run_uuid, 77, 0 from metrics where key = 'loss'"
            )
            writer.commit()

    request = Request(str(path), "m", {"loss": "metric"})
    ingest(warehouse, find_source("mlflow"), request, progress=keep_writing)
    before = warehouse.sql(count).one()
    assert ingest(warehouse, find_source("mlflow"), request).action == "update"
    assert warehouse.sql(count).one() > before
    writer.close()


def test_damaged_and_foreign_files(warehouse, made, tmp_path):
    path = tmp_path / SQLITE
    whole = (made / SQLITE).read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(IngestError, match=r"cannot be read as SQLite|is no MLflow store|does not know"):
        load(warehouse, path)
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("create table a (b)")
    connection.close()
    with pytest.raises(IngestError, match="is an SQLite file but no MLflow store"):
        load(warehouse, path)
    shutil.copy(made / SQLITE, path)
    connection = sqlite3.connect(path)
    connection.execute("alter table metrics rename column is_nan to nan_flag")
    connection.close()
    with pytest.raises(IngestError, match=r"does not know.*metrics\.is_nan"):
        load(warehouse, path)
    (tmp_path / "text.db").write_text("hello")
    with pytest.raises(IngestError, match="is no SQLite file"):
        load(warehouse, tmp_path / "text.db")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="holds no MLflow experiment"):
        load(warehouse, tmp_path / "empty")
    assert warehouse.sql("select count(*) from core.trial").one() == 0


def test_a_run_folder_that_cannot_be_understood_is_refused(warehouse, made, tmp_path):
    store = shutil.copytree(made / FOLDER, tmp_path / FOLDER)
    metric = next(path for path in store.rglob("metrics/loss"))
    metric.write_text("1 two three\n")
    with pytest.raises(RowsRefusedError, match=r"1 row is not acceptable: .*could not convert|two"):
        load(warehouse, store)
    outcome = load(warehouse, store, reject_to=tmp_path / "refused.csv")
    assert outcome.refused_count == 1
    metric.write_text("1 0.5 0\n2 0.25 1\n3 0.1")  # the last line is still being written
    load(warehouse, store)
    assert warehouse.sql("select count(*) from core.trial_metric where value = 0.1 and step > 1").one() == 0


def test_dry_run_and_an_unclear_metric(made):
    shown = preview(find_source("mlflow"), Request(str(made / SQLITE), "m", {"loss": "metric"}))
    assert shown.row_count == 7
    assert ("metrics.loss", "metric", "given") in shown.mapping
    assert ("params.lr", "hyperparameter", "it is configured") in shown.mapping
    with pytest.raises(UsageError, match="has no sweep 'other'"):
        preview(find_source("mlflow"), Request(str(made / SQLITE), "m", {}, {"sweep": "other"}))
