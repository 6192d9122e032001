"""From rows of the warehouse to columns: one entry a trial, in the order of the trials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Declared, Floats, Raw
from hpowh.analyses.sweeps.reading.rules import Rules, read_rules

if TYPE_CHECKING:
    import polars as pl

Steps = tuple[NDArray[np.int64], NDArray[np.int64], Floats]


@dataclass(frozen=True, kw_only=True)
class Trials:
    """A sweep's trials, whatever their status."""

    trial_id: NDArray[np.int64]
    status: list[str]
    columns: list[Raw]
    duration: Floats
    """Seconds, NaN where unknown."""
    final: Mapping[int, Floats]
    """Metric -> final value per trial, NaN where it has none that is finite, or where the trial did not finish."""
    steps: Mapping[int, Steps]
    """Metric -> position of the trial, step and value of every intermediate value."""
    rules: Rules

    def with_value(self, metric: int) -> NDArray[np.int64]:
        """Return the positions of the trials that finished with a finite value."""
        return np.flatnonzero(~np.isnan(self.final[metric]))

    def left_out(self, metric: int) -> dict[str, int]:
        """Return how many trials have no usable value, by why."""
        missing = np.isnan(self.final[metric])
        counts: dict[str, int] = {}
        for status, is_missing in zip(self.status, missing, strict=True):
            if is_missing:
                what = "finished without a finite value" if status == "finished" else status
                counts[what] = counts.get(what, 0) + 1
        return dict(sorted(counts.items()))


def read_trials(
    trial: pl.DataFrame,
    parameters: pl.DataFrame,
    declared: Sequence[tuple[Any, ...]],
    rules: Sequence[tuple[Any, ...]],
    values: Mapping[int, pl.DataFrame],
) -> Trials:
    """Return the trials as columns.

    Args:
        trial: trial_id, status, duration; by trial_id.
        parameters: trial_id, name, numeric_value, text_value.
        declared: name, value_type, scale, lower, upper, step, choices (JSON).
        rules: kind, hyperparameter, definition (JSON).
        values: metric -> trial_id, step (NULL: final), value.
    """
    ids = trial["trial_id"].cast(int).to_numpy()
    status = trial["status"].to_list()
    known = {row[0]: read_declared(row) for row in declared}
    columns = []
    for (name,), part in parameters.partition_by("name", as_dict=True, maintain_order=True).items():
        at = np.searchsorted(ids, part["trial_id"].cast(int).to_numpy())
        number = np.full(ids.size, np.nan)
        number[at] = part["numeric_value"].cast(float).fill_null(float("nan")).to_numpy()
        text: list[str | None] = [None] * ids.size
        for i, one in zip(at, part["text_value"].to_list(), strict=True):
            text[i] = one
        columns.append(Raw(str(name), number, text, known.get(str(name))))
    finished = np.array([one == "finished" for one in status], dtype=bool)
    final, steps = {}, {}
    for metric, frame in values.items():
        at = np.searchsorted(ids, frame["trial_id"].cast(int).to_numpy())
        value = frame["value"].cast(float).to_numpy()
        is_final = frame["step"].is_null().to_numpy()
        ends = np.full(ids.size, np.nan)
        ends[at[is_final]] = value[is_final]
        final[metric] = np.where(finished, ends, np.nan)
        step = frame["step"].fill_null(0).cast(int).to_numpy()
        steps[metric] = (at[~is_final], step[~is_final], value[~is_final])
    duration = trial["duration"].cast(float).fill_null(float("nan")).to_numpy()
    sequences = {name: one.choices for name, one in known.items() if one.choices is not None}
    return Trials(
        trial_id=ids,
        status=status,
        columns=columns,
        duration=duration,
        final=final,
        steps=steps,
        rules=read_rules(rules, sequences),
    )


def read_declared(row: Sequence[Any]) -> Declared:
    """Return what a row of `core.sweep_parameter` declares."""
    _, value_type, scale, lower, upper, step, choices = row
    texts = None
    if choices is not None:
        texts = tuple(one if isinstance(one, str) else json.dumps(one) for one in json.loads(choices))
    return Declared(value_type=value_type, scale=scale, lower=lower, upper=upper, step=step, choices=texts)
