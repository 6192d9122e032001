"""The same trials in the form of each tool: settings and losses, written as the tools document their files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wandb.proto import wandb_internal_pb2 as wandb_records

from .carps.test_carps import line as carps_line
from .carps.test_carps import write as carps_write
from .hpbandster.test_hpbandster import result as bohb_result
from .hpbandster.test_hpbandster import write as bohb_write
from .keras_tuner.test_keras_tuner import project as keras_project
from .neptune.test_neptune import BEGAN, exported
from .nni.test_nni import database as nni_database
from .smac.test_smac import entry as smac_entry
from .smac.test_smac import write as smac_write
from .syne_tune.test_syne_tune import text_of
from .tensorboard import encoding
from .trackio.test_trackio import project as trackio_project
from .wandb.test_log import written as wandb_log

Trial = tuple[dict[str, Any], float]
"""A configuration and its loss."""
ACTIVATIONS = ["relu", "it's", 'q"x', "caf\u00e9", "a,b", "x y"]


def lines(folder: Path, trials: list[Trial]) -> Path:
    path = folder / "trials.jsonl"
    path.write_text("".join(json.dumps({"config": one, "loss": loss}) + "\n" for one, loss in trials), encoding="utf-8")
    return path


def mlflow(folder: Path, trials: list[Trial]) -> Path:
    experiment = folder / "mlruns" / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("experiment_id: '1'\nname: e\nlifecycle_stage: active\n")
    for number, (configuration, loss) in enumerate(trials):
        run = experiment / f"{number:032x}"
        for kind, values in (
            ("params", configuration),
            ("metrics", {"loss": f"{1_700_000_000_000 + number} {loss} 0\n"}),
        ):
            (run / kind).mkdir(parents=True)
            for name, value in values.items():
                (run / kind / name).write_text(str(value), encoding="utf-8")
        times = f"start_time: {1_700_000_000_000 + number}\nend_time: {1_700_000_001_000 + number}\n"
        (run / "meta.yaml").write_text(f"run_id: {run.name}\nrun_name: r{number}\nstatus: 3\n{times}")
    return folder / "mlruns"


def ray_tune(folder: Path, trials: list[Trial]) -> Path:
    for number, (configuration, loss) in enumerate(trials):
        trial = folder / "exp" / f"train_{number:05d}"
        trial.mkdir(parents=True)
        (trial / "params.json").write_text(json.dumps(configuration), encoding="utf-8")
        said = {"loss": loss, "training_iteration": 1, "trial_id": f"t{number}", "done": True}
        (trial / "result.json").write_text(json.dumps(said) + "\n")
    return folder / "exp"


def trackio(folder: Path, trials: list[Trial]) -> Path:
    runs: list[Any] = [
        (f"r{i}", configuration, [(0, {"loss": loss})]) for i, (configuration, loss) in enumerate(trials)
    ]
    return trackio_project(folder / "p.db", runs)


def nni(folder: Path, trials: list[Trial]) -> Path:
    made: list[Any] = [(f"t{i:03d}", c, "SUCCEEDED", [], {"default": loss}) for i, (c, loss) in enumerate(trials)]
    return nni_database(folder / "nni.sqlite", made, None)


def hpbandster(folder: Path, trials: list[Trial]) -> Path:
    configs = [[[0, 0, i], configuration, {}] for i, (configuration, _) in enumerate(trials)]
    return bohb_write(folder / "bohb", configs, [bohb_result((0, 0, i), 1.0, t[1], at=i) for i, t in enumerate(trials)])


def neptune(folder: Path, trials: list[Trial]) -> Path:
    for i, (configuration, loss) in enumerate(trials):
        values = {f"parameters/{name}": value for name, value in configuration.items()}
        values["sys/creation_time"] = BEGAN.replace(minute=i)
        exported(folder / "data" / "me" / f"P-{i}_part_0.parquet", f"P-{i}", values, {"loss": {"0.000000": loss}})
    return folder / "data"


def deepcave(folder: Path, trials: list[Trial]) -> Path:
    history = [[i, math.inf, [loss], i, i + 1.0, 1, {}] for i, (_, loss) in enumerate(trials)]
    files = {"meta": {"objectives": [{"name": "loss", "optimize": "lower"}], "budgets": []},
             "configs": {str(i): configuration for i, (configuration, _) in enumerate(trials)}}  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "history.jsonl").write_text("".join(json.dumps(one) + "\n" for one in history))
    return folder


def keras_tuner(folder: Path, trials: list[Trial]) -> Path:
    made = [
        {
            "trial_id": f"{i:02d}", "hyperparameters": {"space": [], "values": configuration},
            "metrics": {"metrics": {"loss": {"direction": "min", "observations": [{"value": [loss], "step": 0}]}}},
            "score": loss, "best_step": 0, "status": "COMPLETED", "message": None,
        }
        for i, (configuration, loss) in enumerate(trials)
    ]  # fmt: skip
    return keras_project(folder / "p", made, [one["trial_id"] for one in made])


def smac(folder: Path, trials: list[Trial]) -> Path:
    data = [smac_entry(config_id=i, cost=loss) for i, (_, loss) in enumerate(trials)]
    return smac_write(folder / "out", data, {str(i): configuration for i, (configuration, _) in enumerate(trials)})


def syne_tune(folder: Path, trials: list[Trial]) -> Path:
    rows = [[loss, 1, 1.7e9 + i, 1, 0, "CONTINUE", "Completed", i, i + 1] for i, (_, loss) in enumerate(trials)]
    header = ["loss", "epoch", "st_worker_timestamp", "st_worker_time", "st_worker_iter", "st_decision", "st_status"]
    (folder / "results.csv").write_text(text_of([*header, "trial_id", "st_tuner_time"], rows), encoding="utf-8")
    (folder / "metadata.json").write_text(json.dumps({"metric_names": ["loss"], "metric_mode": "min"}))
    for i, (configuration, _) in enumerate(trials):
        (folder / str(i)).mkdir()
        (folder / str(i) / "config.json").write_text(json.dumps(configuration))
        (folder / str(i) / "end").touch()
    return folder


def optuna_journal(folder: Path, trials: list[Trial]) -> Path:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    ranges = {"lr": optuna.distributions.FloatDistribution(0, 1e6), "n": optuna.distributions.FloatDistribution(0, 1e6),
              "depth": optuna.distributions.IntDistribution(1, 64),
              "act": optuna.distributions.CategoricalDistribution(ACTIVATIONS)}  # fmt: skip
    path = folder / "journal.log"
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    study = optuna.create_study(storage=storage, study_name="s")
    for configuration, loss in trials:
        kept = {name: ranges[name] for name in configuration}
        study.add_trial(optuna.trial.create_trial(params=configuration, distributions=kept, value=loss))
    return path


def wandb(folder: Path, trials: list[Trial]) -> Path:
    """Offline runs: a log of records each, built with W&B's own definitions."""
    for i, (configuration, loss) in enumerate(trials):
        run, summary, ended = (wandb_records.Record() for _ in range(3))
        run.run.run_id, run.run.project, run.run.display_name = f"r{i}", "p", f"r{i}"
        run.run.start_time.FromSeconds(1_700_000_000 + i)
        for name, value in configuration.items():
            run.run.config.update.add(key=name, value_json=json.dumps(value))
        summary.summary.update.add(key="loss", value_json=json.dumps(loss))
        ended.exit.exit_code = 0
        place = folder / "wandb" / f"offline-run-20260101_00000{i}-r{i}"
        place.mkdir(parents=True)
        log = wandb_log([one.SerializeToString() for one in (run, summary, ended)])
        (place / f"run-r{i}.wandb").write_bytes(log)
    return folder / "wandb"


def tensorboard(folder: Path, trials: list[Trial]) -> Path:
    for i, (configuration, loss) in enumerate(trials):
        at = 1_790_000_000.0 + i
        events = [encoding.event(at, 0, encoding.start(configuration, "", at)),
                  encoding.event(at + 1, 1, encoding.tensor("loss", loss, "double")),
                  encoding.event(at + 2, 0, encoding.end(1, at + 2))]  # fmt: skip
        encoding.write(folder / "logs" / f"t{i}", *events)
    return folder / "logs"


def carps(folder: Path, trials: list[Trial]) -> Path:
    made = [carps_line(i + 1, loss) for i, (_, loss) in enumerate(trials)]
    for one, (configuration, _) in zip(made, trials, strict=True):
        one["trial_info"]["config"] = configuration
    return carps_write(folder / "run", made, None)


TOOLS: dict[str, Callable[[Path, list[Trial]], Path]] = {
    "trials": lines, "mlflow": mlflow, "ray-tune": ray_tune, "trackio": trackio, "nni": nni, "hpbandster": hpbandster,
    "neptune": neptune, "deepcave": deepcave, "keras-tuner": keras_tuner, "smac": smac, "syne-tune": syne_tune,
    "optuna": optuna_journal, "wandb": wandb, "tensorboard": tensorboard, "carps": carps,
}  # fmt: skip
ASKED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "nni": ({}, {"direction": "min"}), "tensorboard": ({}, {"metric": "loss", "direction": "min"}),
    **{kind: ({}, {}) for kind in ("hpbandster", "deepcave", "keras-tuner", "smac", "syne-tune", "optuna", "carps")},
}  # fmt: skip
"""What has to be said where it is not the metric and its direction."""
