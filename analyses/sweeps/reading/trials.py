"""From rows of the warehouse to columns: one entry a trial, in the order of the trials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Declared, Floats, Raw
from hpowh.analyses.sweeps.reading.rules import Rules, read_rules

Arrays = Mapping[str, Any]
"""The columns of a query as NumPy arrays, masked where they have NULLs."""
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
    number: list[int]
    name: list[str]
    at_step: Mapping[int, int]
    """Metric -> step whose values stand for the final ones, where not the trials' own."""
    why_step: Mapping[int, str]
    """Metric -> why that step, as the end of a sentence."""
    counters: Mapping[str, Floats]
    """Attribute that counts what a trial did (steps, epochs, seconds) -> its value per trial, NaN where unknown."""

    def own_name(self, at: int) -> str | None:
        """Return a trial's name, None where it is its number or others have it too."""
        name = self.name[at]
        return None if name in ("", str(self.number[at])) or self.name.count(name) > 1 else name

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
    trial: Arrays,
    parameters: Arrays,
    declared: Sequence[tuple[Any, ...]],
    rules: Sequence[tuple[Any, ...]],
    values: Mapping[int, Arrays],
    wanted: int | None = None,
    counters: Sequence[tuple[int, str, float]] = (),
) -> Trials:
    """Return the trials as columns.

    Args:
        trial: trial_id, status, duration, number, name; by trial_id.
        parameters: trial_id, name, numeric_value, text_value; by name.
        declared: name, value_type, scale, lower, upper, step, choices (JSON).
        rules: kind, hyperparameter, definition (JSON).
        values: metric -> trial_id, step (NULL: final), value.
        wanted: the step at which all is asked; None: final values, or the largest step that enough trials reached.
        counters: trial_id, name and value of attributes that count what a trial did.
    """
    ids = trial["trial_id"].astype(np.int64)
    status = trial["status"].tolist()
    declarations = {row[0]: read_declared(row) for row in declared}
    columns = []
    names, owners, numbers = parameters["name"], parameters["trial_id"], _filled(parameters["numeric_value"])
    begins = [at for at in range(names.size) if at == 0 or names[at] != names[at - 1]]
    for begin, end in zip(begins, [*begins[1:], names.size], strict=False):
        name, part = str(names[begin]), slice(begin, end)
        at = np.searchsorted(ids, owners[part])
        number = np.full(ids.size, np.nan)
        number[at] = numbers[part]
        text: list[str | None] = [None] * ids.size
        for i, one in zip(at, parameters["text_value"][part].tolist(), strict=True):
            text[i] = one
        columns.append(Raw(name, number, text, declarations.get(name)))
    finished = np.array([one == "finished" for one in status], dtype=bool)
    final, steps, at_step, why_step = {}, {}, {}, {}
    is_failed = np.array([one == "failed" for one in status], dtype=bool)
    for metric, found in values.items():
        at = np.atleast_1d(np.searchsorted(ids, found["trial_id"]))
        value = _filled(found["value"])
        is_final = np.ma.getmaskarray(found["step"])
        ends = np.full(ids.size, np.nan)
        ends[at[is_final]] = value[is_final]
        final[metric] = np.where(finished, ends, np.nan)
        step = np.ma.filled(found["step"], 0).astype(np.int64)
        steps[metric] = (at[~is_final], step[~is_final], value[~is_final])
        chosen = step_of(int((~np.isnan(final[metric])).sum()), steps[metric][1], wanted)
        if chosen is not None:
            at_step[metric], why_step[metric] = chosen
            here = steps[metric][1] == at_step[metric]
            final[metric] = np.full(ids.size, np.nan)
            final[metric][steps[metric][0][here]] = steps[metric][2][here]
            final[metric][is_failed | ~np.isfinite(final[metric])] = np.nan
    sequences = {name: one.choices for name, one in declarations.items() if one.choices is not None}
    return Trials(
        trial_id=ids,
        status=status,
        columns=columns,
        duration=_filled(trial["duration"]),
        final=final,
        steps=steps,
        rules=read_rules(rules, sequences),
        number=trial["number"].tolist(),
        name=trial["name"].tolist(),
        at_step=at_step,
        why_step=why_step,
        counters=_by_name(ids, counters),
    )


def _by_name(ids: NDArray[np.int64], counters: Sequence[tuple[int, str, float]]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for trial_id, name, value in counters:
        found.setdefault(name, np.full(ids.size, np.nan))[np.searchsorted(ids, trial_id)] = value
    return found


def _filled(column: Any) -> Floats:
    """Return numbers with NaN where they are NULL."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


ENOUGH = 10
"""A step stands for the end where at least so many trials reached it, and fewer have a final value."""


def step_of(final_count: int, steps: NDArray[np.int64], wanted: int | None) -> tuple[int, str] | None:
    """Return the step at which all is asked and why, as the end of a sentence; None: final values.

    Args:
        final_count: trials with a final value.
        steps: step of every intermediate value.
        wanted: the step that the reader chose.
    """
    if wanted is not None:
        return wanted, ", as chosen"
    if final_count >= ENOUGH or not steps.size:
        return None
    found, counts = np.unique(steps, return_counts=True)
    enough = found[counts >= ENOUGH]
    if not enough.size:
        return None
    return int(enough[-1]), f", the largest that {ENOUGH} trials reached (only {final_count:,} have a final value)"


def read_declared(row: Sequence[Any]) -> Declared:
    """Return what a row of `core.sweep_parameter` declares."""
    _, value_type, scale, lower, upper, step, choices = row
    texts = None
    if choices is not None:
        texts = tuple(one if isinstance(one, str) else json.dumps(one) for one in json.loads(choices))
    return Declared(value_type=value_type, scale=scale, lower=lower, upper=upper, step=step, choices=texts)
