"""`hpowh ingest PATH`: what a file or folder is, by its content; everything unclear is asked at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from hpowh.warehouse import Warehouse, cli
from hpowh.warehouse.commands import asking as asked
from hpowh.warehouse.console import run
from hpowh.warehouse.ingest import registry
from hpowh.warehouse.ingest.recognise import recognise

GRID = "lr,depth,loss\n" + "".join(f"{lr},{depth},{lr * depth}\n" for lr in (0.1, 0.2, 0.3) for depth in (1, 2, 3))
RANDOM = "lr,depth,width,loss\n" + "".join(f"{0.013 * i},{i % 7},{(i * 37) % 41},{i * 0.7}\n" for i in range(1, 40))
RUNS = "algorithm,benchmark,seed,budget,value\nA,b,0,1,0.5\nA,b,0,2,0.4\nB,b,0,1,0.6\nB,b,0,2,0.3\n"
FEATURES = "dataset,rows,classes\niris,150,3\nwine,178,3\n"


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Call the command in this process, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HPOWH_WAREHOUSE", str(tmp_path / "hpowh.duckdb"))
    monkeypatch.setenv("COLUMNS", "200")

    def go(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["hpowh", *arguments])
        capsys.readouterr()
        code = run(cli.build())
        return Done(code, *capsys.readouterr())

    return go


@pytest.fixture
def ready(call: Callable[..., Done], empty_warehouse: Path, tmp_path: Path) -> Callable[..., Done]:
    """The same, with an empty warehouse."""
    shutil.copy(empty_warehouse, tmp_path / "hpowh.duckdb")
    return call


def kinds(path: Path) -> list[str]:
    return [one.kind for one in recognise(path)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (GRID, ["grid"]),
        (RANDOM, ["trials"]),
        (RUNS, ["runs"]),
        (FEATURES, ["features"]),
        ("Name,State,Runtime,Created,lr,val_loss\na,finished,1,2026-01-01,0.1,2\n", ["trials"]),
        ("number,value,params_lr,state\n0,1.5,0.1,COMPLETE\n", ["trials"]),
        ("framework,task,fold,result\nA,t,0,1\nB,t,0,2\nA,u,0,1\nB,u,0,2\n", ["runs"]),
        ("a,b\n1,2\n3,4\n", ["runs", "grid", "trials", "features"]),
    ],
)
def test_tables_are_told_apart_by_header_and_grain(tmp_path, text, kind):
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert kinds(path) == kind


def test_a_table_of_an_optimizer_as_hyperparameter_is_asked_about(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("dataset,optimizer,lr,depth,loss\na,adam,1,2,3\na,sgd,1,2,3\nb,adam,1,2,4\nb,sgd,2,2,3\n")
    assert kinds(path) == ["runs", "grid"]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (["0/runhistory.json", "0/configspace.json"], "smac"),
        (["exp/experiment_state-2026.json", "exp/t1/params.json"], "ray-tune"),
        (["results.csv.zip", "metadata.json"], "syne-tune"),
        (["a/b/trial_logs.jsonl"], "carps"),
        (["wandb/offline-run-1/run-1.wandb"], "wandb"),
        (["0/meta.yaml", "0/abc/meta.yaml"], "mlflow"),
        (["bohb/configs.json", "bohb/results.json"], "hpbandster"),
        (["runs/a/events.out.tfevents.1.host", "runs/a/events.out.tfevents.2.host"], "tensorboard"),
        (["my_dir/project/oracle.json", "my_dir/project/trial_0/trial.json"], "keras-tuner"),
    ],
)
def test_folders_are_known_by_their_files(tmp_path, files, kind):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert kinds(tmp_path) == [kind]


@pytest.mark.parametrize(
    ("tables", "kind"),
    [
        (("studies", "trials", "trial_params"), ["optuna"]),
        (("experiments", "runs", "metrics"), ["mlflow"]),
        (("x",), []),
    ],
)
def test_databases_are_known_by_their_tables(tmp_path, tables, kind):
    path = tmp_path / "store.bin"
    connection = sqlite3.connect(path)
    for table in tables:
        connection.execute(f"create table {table} (id integer)")
    connection.commit()
    connection.close()
    assert kinds(path) == kind


def test_journals_are_known_by_their_lines(tmp_path):
    path = tmp_path / "journal.log"
    path.write_text(json.dumps({"op_code": 0, "worker_id": "x", "study_name": "s", "directions": [1]}) + "\n")
    assert kinds(path) == ["optuna"]


class Stranger:
    kind, summary, is_live = "strange", "a third party's", False

    def recognises(self, path: Path) -> str | None:
        return "its ending is .strange" if path.suffix == ".strange" else None


def test_third_parties_recognise_their_own_files(tmp_path, monkeypatch):
    point = EntryPoint("strange", f"{__name__}:STRANGER", "hpowh.sources")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == "hpowh.sources" else [])
    monkeypatch.setattr(EntryPoint, "load", lambda _: Stranger())
    (tmp_path / "x.strange").write_text("x")
    assert kinds(tmp_path / "x.strange") == ["strange"]


@pytest.mark.parametrize("kind", [(), ("runs",), ("trials",), ("features",)])
def test_lines_without_anything_are_no_rows(call, tmp_path, kind):
    (tmp_path / "table.csv").write_text("\n\n\n")
    done = call("ingest", *kind, "table.csv")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "table.csv has no rows" in done.err


@pytest.mark.parametrize("kind", [(), ("runs",)])
def test_a_pipe_is_refused_at_once(call, tmp_path, kind):
    os.mkfifo(tmp_path / "table.csv")
    done = call("ingest", *kind, "table.csv", "--direction", "min")
    assert done.code == 1
    assert "is no regular file" in done.err


def test_one_command_without_kind_and_without_init(call, tmp_path):
    (tmp_path / "table.csv").write_text(RUNS)
    done = call("ingest", "table.csv", "--direction", "min")
    assert done.code == 0, done.err
    assert "table.csv: read as runs, for its columns algorithm, benchmark, seed, budget are those of runs." in done.err
    assert "Made the warehouse" in done.err
    with Warehouse(tmp_path / "hpowh.duckdb") as store:
        assert store.sql("select count(*) from core.trace").one() == 4
    assert "Already loaded" in call("ingest", "table.csv", "--direction", "min").err


def test_a_load_that_fails_leaves_no_warehouse_behind(call, tmp_path):
    (tmp_path / "table.csv").write_text(RUNS.replace("0.5", "half"))
    assert call("ingest", "table.csv", "--direction", "min").code == 1
    assert not (tmp_path / "hpowh.duckdb").exists()
    assert call("ingest", "runs", "none.csv").code == 1
    assert not (tmp_path / "hpowh.duckdb").exists()


def test_all_that_is_needed_is_asked_at_once(ready, tmp_path):
    (tmp_path / "table.csv").write_text("who,where,what,seed\nA,b,1.5,0\nB,b,2.5,0\n")
    done = ready("ingest", "runs", "table.csv")
    assert done.code == 2
    for said in ("which column is the algorithm", "which column is the benchmark", "which column is the value"):
        assert said in done.err
    assert "--map who=algorithm --map who=benchmark --map seed=value" not in done.err
    assert re.search(r"--map \S+=algorithm --map \S+=benchmark --map \S+=value", done.err)


def test_a_direction_that_no_name_says_is_asked_for(ready, tmp_path):
    for kind, text, metric in (("runs", RUNS, "value"), ("grid", GRID.replace("loss", "y"), "y"),
                               ("trials", RANDOM.replace("loss", "objective"), "objective")):  # fmt: skip
        (tmp_path / f"{kind}.csv").write_text(text)
        done = ready("ingest", kind, f"{kind}.csv")
        assert done.code == 2
        assert f"is lower or higher better for '{metric}'? (min, max)" in done.err
        assert "--direction min" in done.err
        assert ready("ingest", kind, f"{kind}.csv", "--direction", "max").code == 0


def test_what_could_be_several_kinds_is_asked_with_the_commands(ready, tmp_path):
    (tmp_path / "t.csv").write_text(
        "dataset,optimizer,lr,depth,loss\na,adam,1,2,3\na,sgd,1,2,3\nb,adam,1,2,4\nb,sgd,2,2,3\n"
    )
    done = ready("ingest", "t.csv")
    assert done.code == 2
    assert "what is it? (runs:" in done.err
    assert "hpowh ingest runs t.csv" in done.err


def test_on_a_terminal_answers_are_chosen_from_a_list(ready, tmp_path, monkeypatch):
    (tmp_path / "table.csv").write_text("who,where,what,seed\nA,b,1.5,0\nB,b,2.5,0\n")
    answers = iter(["1", "where", "what", "2"])
    monkeypatch.setattr("hpowh.warehouse.commands.ingest.is_answered_here", lambda: True)
    monkeypatch.setattr(asked.typer, "prompt", lambda *_, **__: next(answers))
    done = ready("ingest", "runs", "table.csv")
    assert done.code == 0, done.err
    with Warehouse(tmp_path / "hpowh.duckdb") as store:
        assert store.sql("select algorithm, benchmark, value from mart.observation order by 1").rows() == [
            ("A", "b", 1.5), ("B", "b", 2.5)
        ]  # fmt: skip
        assert store.sql("select name, direction from core.metric").rows() == [("what", "max")]


def test_write_config_declares_a_role_for_every_column(ready, tmp_path):
    (tmp_path / "my table.csv").write_text('Solver,Data set,Rep.,it\'s "x",value\nA,b,0,1,1.5\nB,b,0,1,2.5\n')
    (tmp_path / "hpowh.toml").write_text("[nightly]\nkeep = 2")  # its last line has no end
    done = ready("ingest", "my table.csv", "--direction", "min", "--write-config")
    assert done.code == 0, done.err
    declared = tomllib.loads((tmp_path / "hpowh.toml").read_text())["source"]
    assert declared == [
        {
            "kind": "runs", "path": "my table.csv", "as": "my table", "direction": "min",
            "map": {
                "Solver": "algorithm", "Data set": "benchmark", "Rep.": "seed", "it's \"x\"": "factor",
                "value": "value",
            },
        }
    ]  # fmt: skip
    assert "to hpowh.toml" not in ready("ingest").err
    again = ready("ingest", "my table.csv", "--direction", "min", "--write-config")
    assert again.code == 2
    assert "already declares" in again.err


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [("wandb", RANDOM, "trials"), ("runs", GRID, "grid"), ("optuna", RUNS, "runs"),
     ("features", RUNS.replace("benchmark", "b"), "runs"),
     ("features", "a,b\n1,2\n", None)],
)  # fmt: skip
def test_a_table_given_to_the_wrong_source_names_the_right_one(ready, tmp_path, kind, text, right):
    (tmp_path / "t.csv").write_text(text)
    done = ready("ingest", kind, "t.csv")
    assert done.code != 0
    assert ("This looks like" in done.err) is (right is not None)
    if right:
        assert f"hpowh ingest {right} t.csv" in done.err


def test_what_is_neither_a_path_nor_a_kind_is_said(ready):
    done = ready("ingest", "nothing.csv")
    assert done.code == 2
    assert "neither a file or folder here nor a kind of source" in done.err
    assert "runs, grid, trials" in done.err


def test_names_that_differ_in_case_are_the_files_own_in_what_is_said(ready, tmp_path):
    rows = [{"lr": a, "LR": b, "loss": a * b} for a in (0.1, 0.2) for b in (1, 2)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pl.DataFrame(rows).write_parquet(tmp_path / "b.parquet")
    for name in ("a.jsonl", "b.parquet"):
        done = ready("ingest", name)
        assert "combinations of lr, LR are there" in done.out + done.err, name


def test_trials_of_vizier_are_refused_with_a_recipe_that_works(ready, tmp_path):
    trial = {
        "name": "owners/o/studies/s/trials/1",
        "state": "COMPLETED",
        "parameters": [{"parameterId": "lr", "value": 0.1}, {"parameterId": "act", "value": "relu"}],
        "finalMeasurement": {"stepCount": 3, "metrics": [{"metricId": "loss", "value": 0.3}]},
    }
    row = {"lr": 0.1, "act": "relu", "loss": 0.3, "state": "COMPLETED"}
    for whole, rows in ((trial, [row]), ([trial, trial], [row, row]), ({"trials": [trial]}, [row])):
        (tmp_path / "v.json").write_text(json.dumps(whole))
        said = ready("ingest", "v.json")
        assert said.code == 1
        recipe = said.err.partition("Write a row a trial: ")[2].strip()
        exec(recipe, {"json": json, "PATH": "v.json"})  # it is ours, and is run as a user would
        assert json.loads((tmp_path / "rows.json").read_text()) == rows


def test_a_folder_of_folders_and_a_database_say_which_tables_they_hold(ready, tmp_path):
    (tmp_path / "two" / "a").mkdir(parents=True)
    (tmp_path / "two" / "a" / "results.csv").write_text(RUNS)
    assert "Its folders hold tables (a/results.csv): name one of them" in ready("ingest", "two").err.replace("\\", "/")
    with sqlite3.connect(tmp_path / "own.db") as connection:
        connection.execute("create table results (algorithm, loss)")
    said = ready("ingest", "own.db").err
    assert "with the tables results. Write one as CSV: sqlite3 -header -csv own.db" in said


def test_headings_of_function_evaluations_and_optimisation_methods_are_known(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Optim. Method,Data-Set,Rep. #,# Fn. Evals,Err. [%]\nA,x,0,1,5.1\nB,x,0,1,5.2\n")
    assert [one.kind for one in recognise(path)] == ["runs"]
