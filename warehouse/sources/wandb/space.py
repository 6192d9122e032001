"""The declared search space of a W&B sweep, from its configuration (`method`, `metric`, `parameters`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from hpowh.warehouse.sources.sweeps.tables import SweepParameter
from hpowh.warehouse.sources.trackers.tracked import Objective

DIRECTIONS = {"minimize": "min", "maximize": "max"}


def objective_of(config: Mapping[str, Any]) -> Objective | None:
    """Return the metric that the sweep's configuration names."""
    metric = config.get("metric")
    if not isinstance(metric, Mapping) or not metric.get("name"):
        return None
    return Objective(str(metric["name"]), DIRECTIONS.get(str(metric.get("goal", "minimize")).lower()))


def declared_space(config: Mapping[str, Any]) -> list[SweepParameter]:
    """Return the declared hyperparameters; nested ones have their names joined by dots."""
    parameters = config.get("parameters")
    return list(_parameters(parameters, "")) if isinstance(parameters, Mapping) else []


def _parameters(parameters: Mapping[str, Any], prefix: str) -> Iterator[SweepParameter]:
    for name, spec in parameters.items():
        if not isinstance(spec, Mapping):
            continue
        if isinstance(spec.get("parameters"), Mapping):
            yield from _parameters(spec["parameters"], f"{prefix}{name}.")
        elif "values" in spec or "value" in spec:
            choices = spec["values"] if "values" in spec else [spec["value"]]
            yield _categorical(prefix + name, choices if isinstance(choices, list) else [choices])
        else:
            yield _range(prefix + name, spec)


def _categorical(name: str, choices: list[Any]) -> SweepParameter:
    kinds = {type(choice) for choice in choices}
    words = {bool: "bool", int: "int", float: "float", str: "text"}
    kind = words.get(next(iter(kinds)), "text") if len(kinds) == 1 else "float" if kinds == {int, float} else "mixed"
    return SweepParameter(name=name, value_type=kind, choices=json.dumps(choices, default=str))


def _range(name: str, spec: Mapping[str, Any]) -> SweepParameter:
    """Return a numeric parameter.

    `log_uniform` and `inv_log_uniform` give exponents of e instead of values; those ending in `_values` do not. W&B's
    normal distributions have no bounds.
    """
    distribution = str(spec.get("distribution", ""))
    lower, upper = _number(spec.get("min")), _number(spec.get("max"))
    if "log" in distribution and not distribution.endswith("_values") and "normal" not in distribution:
        sign = -1.0 if distribution.startswith("inv_") else 1.0
        ends = sorted(_exp(sign * end) for end in (lower, upper) if end is not None)
        lower, upper = (ends[0], ends[-1]) if len(ends) == 2 else (None, None)
    is_int = distribution == "int_uniform" or (
        not distribution and isinstance(spec.get("min"), int) and isinstance(spec.get("max"), int)
    )
    step = _number(spec.get("q", 1 if distribution.startswith("q_") else None))
    return SweepParameter(
        name=name,
        value_type="int" if is_int else "float",
        scale="log" if "log" in distribution else "linear",
        lower=lower,
        upper=upper,
        step=step,
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
