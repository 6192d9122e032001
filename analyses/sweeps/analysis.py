"""One metric of one sweep, from columns as found to the rows of every result table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from hpowh.analyses.sweeps.advice import ranges
from hpowh.analyses.sweeps.findings import column_warnings, confounding_warnings, repeated_warnings
from hpowh.analyses.sweeps.importance.confounding import associate
from hpowh.analyses.sweeps.importance.correlate import correlate
from hpowh.analyses.sweeps.models import add_models
from hpowh.analyses.sweeps.options import DEFAULT, Options
from hpowh.analyses.sweeps.reading.columns import LEAST_PRESENT, Column, Floats, Raw
from hpowh.analyses.sweeps.reading.prepare import TooLittleError, prepare
from hpowh.analyses.sweeps.reading.rules import NONE, Rules
from hpowh.analyses.sweeps.result import Result, Row

LEAST = 2


def analyse_metric(
    raw: Sequence[Raw], metric: Floats, direction: str, seed: int, options: Options = DEFAULT, rules: Rules = NONE
) -> Result:
    """Analyse the trials that have a finite value; nothing is raised on too little data, `reason` says it.

    Args:
        raw: the hyperparameters as found, one entry a trial.
        metric: the metric per trial, finite.
        direction: `min` or `max`.
        rules: what the declared space allows; suggestions keep to it.
    """
    result = Result()
    try:
        prepared = prepare(raw)
    except TooLittleError as error:
        few = f"{metric.size} trials with a value are too few, at least {LEAST_PRESENT} are needed"
        result.reason = few if LEAST <= metric.size < LEAST_PRESENT else str(error)
        prepared = None
    columns = prepared.columns if prepared else _only_read(raw)
    result.add("sweep_column", [_column_row(i, column) for i, column in enumerate(columns)])
    result.warnings += column_warnings(columns)
    if metric.size < LEAST:
        result.reason = f"{metric.size} finished trial has a value" if metric.size else "no finished trial has a value"
    elif np.ptp(metric) == 0:
        result.reason = f"all {metric.size} trials have the same value of the metric"
    if result.reason or prepared is None:
        return result
    correlations = correlate(list(prepared.used), metric)
    result.add("sweep_correlation", [_renamed(asdict(c), count="trial_count") for c in correlations])
    pairs = associate(list(prepared.used))
    result.add("sweep_confounding", [_pair_row(pair) for pair in pairs])
    result.warnings += confounding_warnings(pairs) + repeated_warnings(prepared.codes)
    loss = metric if direction == "min" else -metric
    result.add("sweep_range", [asdict(row) for row in ranges.best_ranges(prepared, loss, seed, options.best)])
    corners = [_renamed(asdict(u), a="hyperparameter_a", b="hyperparameter_b") for u in ranges.untried(prepared)]
    result.add("sweep_untried", corners)
    add_models(result, raw, prepared, metric, direction, correlations, seed, options, rules)
    return result


def _only_read(raw: Sequence[Raw]) -> tuple[Column, ...]:
    from hpowh.analyses.sweeps.reading.columns import read_column

    return tuple(read_column(one) for one in raw)


def _renamed(row: Row, **names: str) -> Row:
    return {names.get(key, key): value for key, value in row.items()}


def _column_row(position: int, column: Column) -> Row:
    kept = ("name", "role", "kind", "is_log", "present_count", "missing_count", "distinct_count", "imputed_count",
            "imputed_value", "note")  # fmt: skip
    row = {"position": position, **{name: getattr(column, name) for name in kept}}
    return row | {"level_count": len(column.levels) if column.is_used else 0, "note": column.note or None}


def _pair_row(pair: Any) -> Row:
    row = _renamed(asdict(pair), a="hyperparameter_a", b="hyperparameter_b", count="trial_count")
    return row | {"is_confounded": pair.is_confounded}
