"""Every line of docs/bring-your-data.md works on a file of its kind, and loads what an independent reader counts."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.console import run

from ..commands import app
from .sources.coco.encoding import write as write_coco
from .sources.deepcave.test_deepcave import run as write_deepcave
from .sources.ioh.encoding import write as write_ioh
from .sources.neptune.test_neptune import CSV as NEPTUNE_TABLE
from .sources.neptune.test_neptune import folder as write_neptune
from .sources.nni.test_nni import MADE as NNI_TRIALS
from .sources.nni.test_nni import MAXIMISE
from .sources.nni.test_nni import database as write_nni
from .sources.tables.workbook import book
from .sources.tensorboard.encoding import event, scalar, write
from .sources.tensorboard.encoding import start as session
from .sources.trackio.test_trackio import RUNS as TRACKIO_RUNS
from .sources.trackio.test_trackio import project as write_trackio

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bring-your-data.md"


def sections() -> dict[str, list[str]]:
    """Heading -> the command lines under it."""
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0]
        blocks = re.findall(r"```console\n(.*?)```", part, re.DOTALL)
        lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
        if lines:
            found[heading] = lines
    return found


def rows(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n")


def make_runs(folder: Path) -> None:
    lines = [f"{a},{b},{s},{t},{(s + 1) / t}" for a in "AB" for b in "xy" for s in (0, 1) for t in (1, 2, 3)]
    rows(folder / "runs.csv", "algorithm,benchmark,seed,budget,value", lines)


def make_results(folder: Path) -> None:
    cells = [(a, t, f) for t in ("iris", "wine") for f in (0, 1, 2) for a in ("forest", "svm")]
    lines = [f"{a},{t},{f},{i / 20},{i / 20},{1 - i / 21},2026-01-0{1 + i % 9}" for i, (a, t, f) in enumerate(cells)]
    rows(folder / "results.csv", "framework,task,fold,result,acc,logloss,utc", lines)


def make_frameworks(folder: Path) -> None:
    cells = [(d, a, k) for d in ("iris", "wine") for a in "AB" for k in (1, 2)]
    heading = "run_id,task_id,setup_id,flow_id,flow_name,data_id,data_name,function,value"
    lines = [f"{i},{d},{k},1,flow{a},1,{d},area_under_roc_curve,{i / 9}" for i, (d, a, k) in enumerate(cells)]
    rows(folder / "openml.csv", heading, lines)
    lines = [
        f"1,{d},classif.{a},cv,{k},{i / 13}" for i, (d, a, k) in enumerate([*cells, *((*c[:2], 3) for c in cells[::2])])
    ]
    rows(folder / "mlr3.csv", "nr,task_id,learner_id,resampling_id,iteration,classif.ce", lines)
    lines = [f"{d},{k},1,{a},-C,{10 * i}" for i, (d, a, k) in enumerate(cells)]
    rows(folder / "weka.csv", "Key_Dataset,Key_Run,Key_Fold,Key_Scheme,Key_Scheme_options,Percent_correct", lines)


def make_grid(folder: Path) -> None:
    for name, scale in (("grid", 1), ("percent", 100)):
        lines = [f"{lr},{depth},{scale * (0.5 + lr * depth / 10)}" for lr in (0.1, 0.2, 0.3) for depth in (1, 2, 3)]
        rows(folder / f"{name}.csv", "lr,depth,val_accuracy", lines)


def make_trials(folder: Path) -> None:
    lines = [f"{0.013 * i},{i % 7},{(i * 37) % 41},{i * 0.7}" for i in range(1, 31)]
    rows(folder / "trials.csv", "lr,depth,width,val_loss", lines)
    lines = [f"{0.013 * i},{i % 7},{(i * 37) % 41},{1e10 if i % 5 == 0 else i * 0.7}" for i in range(1, 31)]
    rows(folder / "penalties.csv", "lr,depth,width,val_loss", lines)
    with (folder / "log.jsonl").open("w") as log:
        for i in range(1, 6):
            log.write(json.dumps({"config": {"lr": 0.1 * i, "act": "relu"}, "loss": 1 / i}) + "\n")


def make_features(folder: Path) -> None:
    names = [f"f{i}" for i in range(300)]
    rows(folder / "features.csv", ",".join(["dataset", *names]), [",".join([d, *map(str, range(300))]) for d in "ab"])


def make_excel(folder: Path) -> None:
    lines = [f"{a};{b};{s};{s},5" for a in "AB" for b in "xy" for s in (1, 2)]
    rows(folder / "excel.csv", "\ufeffalgorithm;benchmark;seed;value", lines)
    cells = [[a, b, s, s + 0.5] for a in "AB" for b in "xy" for s in (1, 2)]
    notes = [["algorithm", "of whom"], ["A", "us"]]
    book(folder / "results.xlsx", {"Notes": notes, "Results": [["algorithm", "benchmark", "seed", "value"], *cells]})


def make_scikit_learn(folder: Path) -> None:
    import pandas
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    grid = {"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]}
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid, cv=2).fit(*load_iris(return_X_y=True))
    pandas.DataFrame(search.cv_results_).to_csv(folder / "cv_results.csv")


def make_optuna(folder: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=f"sqlite:///{folder / 'optuna.db'}", study_name="s")
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=6)
    study.trials_dataframe().to_csv(folder / "optuna_trials.csv")


def make_wandb(folder: Path) -> None:
    lines = [f"run-{i},finished,me,{60 + i},2026-01-0{i}T10:00:00.000Z,{i / 10},{32 * i},{1 / i}" for i in range(1, 9)]
    rows(folder / "wandb_page.csv", "Name,State,User,Runtime,Created,lr,batch_size,val_loss", lines)
    packed = [f"r{i},\"{{'val_loss': {1 / i}}}\",\"{{'lr': {i / 10}, 'opt': 'sgd'}}\"" for i in range(1, 7)]
    rows(folder / "project.csv", "name,summary,config", packed)


def make_deepcave(folder: Path) -> None:
    write_deepcave(folder / "logs" / "run_1", [[i, 1.0, [i / 2, 1.0], 0, 1, 1, {}] for i in (0, 1)])


def make_hyperopt(folder: Path) -> None:
    """As `space_eval` gives them: the choices themselves, nested ones with dots."""
    import pandas

    told = [{"lr": 0.013 * (i + 1), "net": {"kind": "ab"[i % 2], "width": 8 * i}, "loss": i / 7} for i in range(12)]
    pandas.json_normalize(told).to_csv(folder / "hyperopt.csv", index=False)


def make_leaderboard(folder: Path) -> None:
    lines = [f"{m},{','.join(str(50 + 7 * i + (t * 13 + i * 5) % 11) for t in range(5))}" for i, m in enumerate("ABCD")]
    rows(folder / "board.csv", "method,T1,T2,T3,T4,T5", lines)


def make_mlflow(folder: Path) -> None:
    home = folder / "mlruns" / "1"
    home.mkdir(parents=True)
    (home / "meta.yaml").write_text("experiment_id: '1'\nname: e\nlifecycle_stage: active\n")
    for i in range(3):
        place = home / (str(i) * 32)
        for sub, name, text in (("params", "lr", f"0.{i}"), ("metrics", "loss", f"1700000000000 0.{i} 0\n")):
            (place / sub).mkdir(parents=True)
            (place / sub / name).write_text(text)
        (place / "meta.yaml").write_text(
            f"run_id: {str(i) * 32}\nrun_name: r{i}\nexperiment_id: '1'\nstatus: 3\n"
            "start_time: 1700000000000\nend_time: 1700000001000\nlifecycle_stage: active\n"
        )


def make_ray(folder: Path) -> None:
    for i in range(3):
        place = folder / "ray_results" / "exp" / f"train_{i:05d}"
        place.mkdir(parents=True)
        (place / "params.json").write_text(json.dumps({"lr": 0.1 * (i + 1)}))
        report = {"loss": 1 / (i + 1), "training_iteration": 1, "trial_id": f"t{i}", "timestamp": 1.7e9, "done": True}
        (place / "result.json").write_text(json.dumps(report | {"time_total_s": 1.0}) + "\n")


def make_syne_tune(folder: Path) -> None:
    place = folder / "syne_tune"
    place.mkdir()
    reports = [(trial, epoch) for trial in (1, 2) for epoch in (1, 2)]
    lines = [f"{1 / (t + e)},{e},{1.7e9 + e},{e},{e - 1},CONTINUE,InProgress,{t},{0.1 * t}" for t, e in reports]
    header = "loss,epoch,st_worker_timestamp,st_tuner_time,st_worker_iter,st_decision,st_status,trial_id,config_lr"
    rows(place / "results.csv", header, lines)
    metadata = {"metric_names": ["loss"], "metric_mode": "min", "scheduler_kwargs": {"time_attr": "epoch", "max_t": 2}}
    (place / "metadata.json").write_text(json.dumps(metadata))


def make_smac(folder: Path) -> None:
    place = folder / "smac3_output" / "run"
    place.mkdir(parents=True)
    entry = {"config_id": 1, "instance": None, "seed": 0, "budget": None, "cost": 1.0, "status": 1}
    data = [entry, entry | {"config_id": 2, "cost": 0.5}]
    (place / "runhistory.json").write_text(json.dumps({"data": data, "configs": {"1": {"x": 1}, "2": {"x": 2}}}))


def make_carps(folder: Path) -> None:
    place = folder / "carps_runs" / "1"
    (place / ".hydra").mkdir(parents=True)
    info = {"config": [1.5, "a"], "instance": None, "seed": None, "budget": None}
    value = {"cost": 0.5, "time": 1.0, "status": 1, "starttime": 0.0, "endtime": 0.0}
    lines = [{"n_trials": n, "n_function_calls": n, "trial_info": info, "trial_value": value} for n in (1, 2)]
    (place / "trial_logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = "seed: 3\noptimizer_id: o\ntask_id: t\ntask: {name: t}\nnames: [loss]\n"
    (place / ".hydra" / "config.yaml").write_text(config)


def make_benchmarkers(folder: Path) -> None:
    for name, worse in (("near", 0.0), ("far", 1.0)):
        course = [(at, 3.0 / at + worse) for at in (1, 4, 9)]
        scenarios = {2: [(1, course), (2, course)], 5: [(1, course)]}
        write_ioh(folder / "ioh_data" / name, name, scenarios)
        write_coco(folder / "exdata" / name, name, scenarios)


def make_neptune(folder: Path) -> None:
    write_neptune(folder / "exports" / "data")
    (folder / "neptune.csv").write_text(NEPTUNE_TABLE)


def make_trackio(folder: Path) -> None:
    (folder / "trackio").mkdir()
    write_trackio(folder / "trackio" / "project.db", TRACKIO_RUNS)


def make_nni(folder: Path) -> None:
    place = folder / "nni-experiments" / "abc" / "db"
    place.mkdir(parents=True)
    write_nni(place / "nni.sqlite", NNI_TRIALS, MAXIMISE)
    told = [{"parameter": {"lr": i / 10}, "value": i / 4, "trialJobId": f"t{i}"} for i in range(3)]
    (folder / "exported.json").write_text(json.dumps(told))


def make_automl(folder: Path) -> None:
    lines = [f"M{i},{0.8 - i / 50},{0.9 - i / 50},0.1,{10 - i},1,{i + 1}" for i in range(5)]
    rows(folder / "leaderboard.csv", "model,score_test,score_val,pred_time_val,fit_time,stack_level,fit_order", lines)


def make_smac_histories(folder: Path) -> None:
    make_smac(folder)
    old = folder / "smac1_output"
    old.mkdir()
    told = [1, None, 0, 0.0], [2, None, 0, 0.0]
    status = {"__enum__": "StatusType.SUCCESS"}
    data = [[key, [1 / (i + 1), 0.1, status, 1.7e9, 1.7e9 + 1, {}]] for i, key in enumerate(told)]
    configs = {"1": {"x": 1}, "2": {"x": 2}}
    (old / "runhistory.json").write_text(json.dumps({"data": data, "config_origins": {}, "configs": configs}))
    lines = [f"{i // 2},i{i % 2},0,9.0,{i / 7},{1 + i / 10},SUCCESS,{i // 2 / 9}" for i in range(24)]
    rows(folder / "runhistory.csv", "config_id,instance,seed,budget,cost,time,status,lr", lines)


def make_hpbandster(folder: Path) -> None:
    place = folder / "bohb"
    place.mkdir()
    times = {"submitted": 1.7e9, "started": 1.7e9 + 1, "finished": 1.7e9 + 4}
    configs = [[[0, 0, i], {"lr": i / 10}, {}] for i in range(4)]
    results = [[[0, 0, i], 3.0, times, {"loss": 1 / (i + 1), "info": {}}, None] for i in range(4)]
    for name, lines in (("configs", configs), ("results", results)):
        (place / f"{name}.json").write_text("".join(json.dumps(line) + "\n" for line in lines))


def make_tensorboard(folder: Path) -> None:
    for i in range(3):
        start = event(1.79e9 + i, 0, session({"lr": 0.1 * (i + 1)}))
        values = [event(1.79e9 + i, 1, scalar(f"hparam/{name}", i / 4)) for name in ("accuracy", "loss")]
        write(folder / "runs" / f"run{i}", start, *values)


def make_keras_tuner(folder: Path) -> None:
    setting = {"name": "lr", "default": None, "conditions": [], "min_value": 0.1, "max_value": 1.0, "step": None,
               "sampling": "linear"}  # fmt: skip
    space = [{"class_name": "Float", "config": setting}]
    for i in range(3):
        place = folder / "untitled_project" / f"trial_{i}"
        place.mkdir(parents=True)
        values = [{"value": [1 / (i + 1)], "step": 0}]
        trial = {
            "trial_id": f"{i}", "hyperparameters": {"space": space, "values": {"lr": (i + 1) / 10}},
            "metrics": {"metrics": {"val_loss": {"direction": "min", "observations": values}}}, "score": 1 / (i + 1),
            "best_step": 0, "status": "COMPLETED", "message": None,
        }  # fmt: skip
        (place / "trial.json").write_text(json.dumps(trial))


def make_amltk(folder: Path) -> None:
    import polars as pl

    pl.DataFrame(
        [
            {"name": f"trial-{i}", "status": "success", "metric:accuracy [0.0, 1.0] (maximize)": i / 40,
             "metric:loss [0.0, inf] (minimize)": 40.0 - i, "config:clf:max_depth": 1 + i % 9, "summary:cv": 3}
            for i in range(40)
        ]
    ).write_parquet(folder / "history.parquet")  # fmt: skip


SECTIONS: dict[str, tuple[Callable[[Path], None], str, list[int]]] = {
    "A table of optimiser runs": (make_runs, "trace", [24]),
    "A published results table": (make_results, "trace", [12]),
    "OpenML, mlr3, Weka": (make_frameworks, "trace", [8, 20, 28]),
    "A leaderboard": (make_leaderboard, "trace", [20, 20]),
    "AutoGluon, H2O: the leaderboard of one data set": (make_automl, "trace", [5]),
    "A grid of configurations": (make_grid, "evaluation", [9]),
    "Trials of a tuner, in a table": (make_trials, "trial", [30]),
    "JSON lines of your own script": (make_trials, "trial", [5]),
    "Meta-features of data sets": (make_features, "benchmark_feature", [600]),
    "A table from Excel": (make_excel, "trace", [8, 16]),
    "Failures written as a number": (make_trials, "trial_metric where status = 'ok'", [24]),
    "Percent here, fractions there": (make_grid, "evaluation where value <= 1", [9, 18]),
    "scikit-learn": (make_scikit_learn, "trial", [6]),
    "Optuna": (make_optuna, "trial where status = 'finished'", [6, 12]),
    "Weights & Biases": (make_wandb, "trial", [8, 14]),
    "Neptune": (make_neptune, "trial", [3, 6]),
    "trackio": (make_trackio, "trial", [3]),
    "NNI": (make_nni, "trial", [6, 9]),
    "MLflow": (make_mlflow, "trial", [3]),
    "Ray Tune": (make_ray, "trial", [3]),
    "Syne Tune": (make_syne_tune, "trial", [2]),
    "SMAC": (make_smac_histories, "trial", [2, 4, 28]),
    "HpBandSter, BOHB": (make_hpbandster, "trial", [4]),
    "Keras Tuner": (make_keras_tuner, "trial", [3]),
    "TensorBoard HParams": (make_tensorboard, "trial", [3]),
    "DeepCAVE": (make_deepcave, "trial", [2]),
    "Hyperopt": (make_hyperopt, "trial", [12]),
    "DeepCAVE, AMLTK: tables whose objectives say their direction": (make_amltk, "trial", [40]),
    "IOHprofiler, COCO": (make_benchmarkers, "trace", [18, 36]),
    "CARP-S": (make_carps, "trial", [2]),
}
"""Heading -> what makes the files, a table of `core`, and its rows after each command."""


def test_every_section_with_a_command_is_run_here():
    assert list(sections()) == list(SECTIONS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_line_works_on_a_file_of_its_kind(heading, tmp_path, monkeypatch, capsys, empty_warehouse):
    make, table, counts = SECTIONS[heading]
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HPOWH_WAREHOUSE", str(tmp_path / "hpowh.duckdb"))
    shutil.copy(empty_warehouse, tmp_path / "hpowh.duckdb")
    for line, count in zip(sections()[heading], counts, strict=True):
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        code = run(app())
        assert code == 0, (line, capsys.readouterr().err)
        with Warehouse(tmp_path / "hpowh.duckdb") as store:
            assert store.sql(f"select count(*) from core.{table}").one() == count
    with Warehouse(tmp_path / "hpowh.duckdb") as store:
        assert [check.name for check in run_checks(store) if check.failures] == []
