"""Suggestions as the tools take them: Optuna's queue, JSON, a sweep of W&B over narrowed ranges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Setting = dict[str, Any]


def typed(number: float | None, text: str | None, choices: str | None, value_type: str | None) -> Any:
    """Return a value as the tool had it: a declared choice as declared, whole numbers as such, truth values.

    Args:
        choices: the declared choices as JSON, None where there are none.
        value_type: as declared (`int`, `float`, `bool`, `text`, `mixed`), None where it is not.
    """
    if text is not None and choices is not None:
        for one in json.loads(choices):
            if (one if isinstance(one, str) else json.dumps(one)) == text:
                return one
    if number is None:
        if text in ("true", "false") and value_type in ("bool", "mixed", None):
            return text == "true"
        return text
    is_whole = float(number).is_integer() and value_type != "float"
    return int(number) if is_whole else float(number)


def optuna_code(settings: Sequence[Setting]) -> str:
    """Return Python that puts the settings into the queue of an Optuna study named `study`."""
    lines = ["# study = optuna.load_study(study_name=..., storage=...)"]
    lines += [f"study.enqueue_trial({setting!r}, skip_if_exists=True)" for setting in settings]
    return "\n".join(lines)


def json_text(settings: Sequence[Setting]) -> str:
    """Return a JSON list, one setting a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(setting)}" for setting in settings) + "\n]"


def wandb_sweep(
    metric: str, direction: str, ranges: Sequence[Mapping[str, Any]], constants: Mapping[str, Any] | None = None
) -> str:
    """Return a sweep.yaml of W&B in which every range is narrowed to where the best configurations lie.

    Args:
        ranges: rows of `result.sweep_range` with `is_log` and `value_type`: of numbers the outer ends of the interval
            that holds the middle 80 % of the best, of levels those that at least one of the best has.
        constants: what never varied, by name.
    """
    import yaml

    parameters: dict[str, Any] = {}
    for row in ranges:
        name = row["hyperparameter"]
        if row["level"] is not None:
            if row["share"] and row["share"] > 0 and row["level"] not in ("(missing)", "(other)"):
                value = typed(None, row["level"], row["choices"], row["value_type"])
                parameters.setdefault(name, {"values": []})["values"].append(value)
            continue
        if row["lower_from"] is None:
            continue
        low = max(row["lower_from"], row["tried_lower"])
        high = min(row["upper_to"], row["tried_upper"])
        if row["is_whole"]:
            low, high = int(low), int(-(-high // 1))
        if low >= high:
            parameters[name] = {"value": low}
        elif row["is_log"]:
            kind = "q_log_uniform_values" if row["is_whole"] else "log_uniform_values"
            parameters[name] = {"distribution": kind, "min": low, "max": high, **({"q": 1} if row["is_whole"] else {})}
        else:
            parameters[name] = {"min": low, "max": high}
    parameters |= {name: {"value": value} for name, value in (constants or {}).items()}
    goal = "minimize" if direction == "min" else "maximize"
    body = {"method": "bayes", "metric": {"name": metric, "goal": goal}, "parameters": parameters}
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True).rstrip()
