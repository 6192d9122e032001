"""Suggestions as files: what a tool reads back is what was suggested."""

from __future__ import annotations

import json

import optuna
import yaml

from hpowh.analyses.sweeps.advice.exports import json_text, optuna_code, typed, wandb_sweep


def test_values_are_as_the_tool_had_them():
    assert typed(128.0, None, None, "int") == 128
    assert isinstance(typed(128.0, None, None, None), int)
    assert isinstance(typed(1.0, None, None, "float"), float)
    assert typed(None, "16", "[16, 32]", "int") == 16
    assert typed(None, "true", None, "bool") is True
    assert typed(None, "null", "[null, 3]", "mixed") is None
    assert typed(None, "adam", '["adam", "sgd"]', "text") == "adam"


def test_optuna_takes_the_code_and_runs_what_it_says():
    wanted = [{"rate": 0.01, "kind": "it's", "layers": 3}, {"rate": 0.5, "kind": "b", "layers": 1}]
    study = optuna.create_study()
    exec(optuna_code(wanted), {"study": study})

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("rate", 0, 1)
        trial.suggest_categorical("kind", ["it's", "b"])
        return trial.suggest_int("layers", 1, 4)

    study.optimize(objective, n_trials=2)
    assert [trial.params for trial in study.trials] == wanted
    assert json.loads(json_text(wanted)) == wanted


def test_a_sweep_of_narrowed_ranges():
    number = {"level": None, "share": None, "choices": None, "value_type": None, "tried_lower": 1e-5, "is_whole": False}
    rows = [
        {**number, "hyperparameter": "rate", "lower_from": 1e-6, "upper_to": 1e-2, "tried_upper": 0.1, "is_log": True},
        {**number, "hyperparameter": "layers", "lower_from": 2.0, "upper_to": 3.5, "tried_lower": 1.0,
         "tried_upper": 6.0, "is_log": False, "is_whole": True},
        *({"hyperparameter": "kind", "level": level, "share": share, "choices": None, "value_type": "text"}
          for level, share in (("adam", 0.8), ("sgd", 0.0), ("lion", 0.2))),
    ]  # fmt: skip
    found = yaml.safe_load(wandb_sweep("val_loss", "min", rows))
    assert found["metric"] == {"name": "val_loss", "goal": "minimize"}
    assert found["parameters"] == {
        "rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-2},
        "layers": {"min": 2, "max": 4},
        "kind": {"values": ["adam", "lion"]},
    }
