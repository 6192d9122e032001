"""Storages written by Optuna itself, and what Optuna reads back from them."""

from __future__ import annotations

import json
import math
from datetime import UTC
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Outcome, Request, find_source, ingest

optuna = pytest.importorskip("optuna")
STATES = {"COMPLETE": "finished", "FAIL": "failed", "PRUNED": "pruned", "RUNNING": "running", "WAITING": "waiting"}
CHOICES = ["relu", 2.5, 7, True, None]
MADE: dict[str, bytes] = {}
"""Suffix -> a storage file with the three studies."""
QUIET = pytest.mark.filterwarnings("ignore")
"""Optuna warns of what is experimental in it, and of the odd choices that the tests make."""
optuna.logging.set_verbosity(optuna.logging.CRITICAL)


def load(warehouse: Warehouse, path: Path | str, **more: object) -> Outcome:
    return ingest(warehouse, find_source("optuna"), Request(str(path), "studies", **more))


def storage_at(path: Path):
    if path.suffix == ".db":
        return f"sqlite:///{path}"
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))


def conditional(trial):
    """A conditional space with every kind of parameter, and every way for a trial to end."""
    x = trial.suggest_float("x", 1e-5, 1.0, log=True)
    choice = trial.suggest_categorical("choice", CHOICES)
    if trial.suggest_categorical("deep", [True, False]):
        x += trial.suggest_int("layers", 1, 9, step=2)
    y = trial.suggest_float("y", -1, 1, step=0.25)
    trial.set_user_attr("note", {"é": [1, None], "choice": choice})
    for step in range(3):
        trial.report([x, math.nan, math.inf][(trial.number + step) % 3], step)
    if trial.number == 3:
        raise ValueError
    if trial.number == 4:
        raise optuna.TrialPruned
    if trial.number == 5:
        return math.inf
    if trial.number == 6:
        return -math.inf
    if trial.number == 7:
        return math.nan
    return x + y


def make_studies(path: Path) -> None:
    """Write three studies to a storage file; the second time as a copy of the first, because Optuna takes seconds."""
    if path.suffix in MADE:
        path.write_bytes(MADE[path.suffix])
        return
    run_studies(path)
    MADE[path.suffix] = path.read_bytes()


def run_studies(path: Path) -> None:
    storage = storage_at(path)
    one = optuna.create_study(storage=storage, study_name="one", sampler=optuna.samplers.RandomSampler(seed=1))
    one.set_user_attr("team", "a")
    one.optimize(conditional, n_trials=12, catch=(ValueError,))
    one.ask()
    one.enqueue_trial({"x": 0.5})
    two = optuna.create_study(
        storage=storage,
        study_name="two",
        directions=["minimize", "maximize"],
        sampler=optuna.samplers.RandomSampler(seed=2),
    )
    two.set_metric_names(["loss", "accuracy"])
    two.optimize(lambda t: (t.suggest_float("a", 0, 1), t.suggest_int("b", -3, 3)), n_trials=5)
    optuna.create_study(storage=storage, study_name="gone")
    optuna.delete_study(study_name="gone", storage=storage)
    empty = optuna.create_study(storage=storage, study_name="empty", direction="maximize")
    empty.add_trial(
        optuna.create_trial(value=3.0, params={"z": 2}, distributions={"z": optuna.distributions.IntDistribution(1, 4)})
    )


def status_of(value: float) -> tuple[float | None, str]:
    if math.isnan(value):
        return None, "nan"
    if math.isinf(value):
        return None, "inf" if value > 0 else "neg_inf"
    return value, "ok"


def expected_trials(path: Path, name: str) -> list[dict]:
    """What Optuna itself reads back, in the warehouse's words."""
    found = []
    for trial in optuna.load_study(study_name=name, storage=storage_at(path)).get_trials():
        metrics = {(at, None): status_of(value) for at, value in enumerate(trial.values or [])}
        metrics |= {(0, step): status_of(value) for step, value in trial.intermediate_values.items()}
        found.append(
            {
                "number": trial.number,
                "status": STATES[trial.state.name],
                "started_at": trial.datetime_start and trial.datetime_start.astimezone(UTC),
                "ended_at": trial.datetime_complete and trial.datetime_complete.astimezone(UTC),
                "parameters": {
                    key: (
                        float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None,
                        v if isinstance(v, str) else json.dumps(v),
                    )
                    for key, v in trial.params.items()
                },
                "metrics": metrics,
                "attributes": trial.user_attrs,
            }
        )
    return found


def stored_trials(warehouse: Warehouse, name: str) -> list[dict]:
    found = []
    for trial_id, number, status, started_at, ended_at in warehouse.sql(
        "select trial_id, number, status, started_at, ended_at from core.trial join core.sweep using (sweep_id) "
        "where core.sweep.name = ? order by number",
        [name],
    ).rows():
        parameters = warehouse.sql(
            "select name, numeric_value, text_value from core.trial_parameter where trial_id = ?", [trial_id]
        ).rows()
        metrics = warehouse.sql(
            "select m.position, v.step, v.value, v.status from core.trial_metric as v "
            "join core.trial as t using (trial_id) "
            "join core.sweep_metric as m on m.sweep_id = t.sweep_id and m.metric_id = v.metric_id where trial_id = ?",
            [trial_id],
        ).rows()
        attributes = warehouse.sql("select name, value from core.trial_attribute where trial_id = ?", [trial_id]).rows()
        found.append(
            {
                "number": number,
                "status": status,
                "started_at": started_at and started_at.astimezone(UTC),
                "ended_at": ended_at and ended_at.astimezone(UTC),
                "parameters": {key: (number_, text) for key, number_, text in parameters},
                "metrics": {(position, step): (value, state) for position, step, value, state in metrics},
                "attributes": {key: json.loads(value) for key, value in attributes},
            }
        )
    return found


def plain_number(trials: list[dict]) -> list[dict]:
    """A number's text may be written in another way (`1.0`, `1`); the number may not differ."""
    for trial in trials:
        trial["parameters"] = {
            key: (number, text if number is None else float(text))
            for key, (number, text) in trial["parameters"].items()
        }
    return trials


def labelled_study(path: Path, seed: int = 3, name: str = "run", **attributes: object):
    study = optuna.create_study(
        storage=storage_at(path), study_name=name, sampler=optuna.samplers.RandomSampler(seed=seed)
    )
    for key, value in {"algorithm": "rs", "benchmark": "bowl", "seed": seed, "metric": "loss", **attributes}.items():
        study.set_user_attr(key, value)
    return study


def make_space(warehouse: Warehouse) -> None:
    from hpowh.warehouse.ingest.dimensions import Hyperparameter, search_space_id

    with warehouse.writing() as connection:
        levels = [
            Hyperparameter(name="lr", kind="ordinal", value_type="float", levels=(1e-3, 1e-2, 1e-1), scale="log"),
            Hyperparameter(name="act", kind="categorical", value_type="text", levels=("relu", "tanh")),
            Hyperparameter(name="n", kind="ordinal", value_type="int", levels=(8, 16)),
            Hyperparameter(name="bias", kind="categorical", value_type="bool", levels=(False, True)),
        ]
        search_space_id(connection, "grid", levels, 0)
