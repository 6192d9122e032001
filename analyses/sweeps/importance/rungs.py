"""What mattered at each step: the evaluations of a multi-fidelity run, rung by rung, none of them left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.effects import effect_of
from hpowh.analyses.sweeps.reading.columns import Floats, Raw, read_column
from hpowh.analyses.sweeps.reading.conditions import with_conditions
from hpowh.analyses.sweeps.reading.configurations import configurations, repeat_columns
from hpowh.analyses.sweeps.reading.target import Unit, choose_target

LEAST = 15
"""A step that fewer configurations reached is left out."""
MOST_STEPS = 12
MOST_HYPERPARAMETERS = 20


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One hyperparameter at one step, among the configurations that reached it."""

    step: int
    configuration_count: int
    hyperparameter: str
    share: float
    """Of the variance at that step that it explains alone, adjusted."""
    lower: float | None
    upper: float | None


def rungs(
    raw: Sequence[Raw], trial: NDArray[np.int64], step: NDArray[np.int64], value: Floats, names: Sequence[str]
) -> list[Rung]:
    """Return the share of the variance that each hyperparameter explains at each step, at most twelve of these.

    Later steps hold only what the scheduler kept: a hyperparameter by which it chose matters less there.

    Args:
        raw: all trials' hyperparameters.
        trial, step, value: of every intermediate value.
        names: the hyperparameters that are used, the most important first.
    """
    finite = np.isfinite(value)
    trial, step, value = trial[finite], step[finite], value[finite]
    found, counts = np.unique(step, return_counts=True)
    enough = found[counts >= LEAST]
    if enough.size > MOST_STEPS:
        enough = enough[np.unique(np.linspace(0, enough.size - 1, MOST_STEPS).round().astype(int))]
    rows: list[Rung] = []
    for one in enough.tolist():
        here = step == one
        rows += _at(raw, one, trial[here], value[here], names[:MOST_HYPERPARAMETERS])
    return rows if len({row.step for row in rows}) > 1 else []


def _at(raw: Sequence[Raw], step: int, trial: NDArray[np.int64], value: Floats, names: Sequence[str]) -> list[Rung]:
    taken = [one.take(trial) for one in raw]
    repeats = repeat_columns(taken)
    groups = configurations([one for one in taken if one.name not in repeats], value)
    if groups.first.size < LEAST or np.ptp(groups.mean) == 0:
        return []
    target = choose_target(Unit.of(groups.mean).strip(groups.mean)).values
    by_name = {one.name: one for one in with_conditions([read_column(one.take(groups.first)) for one in taken])}
    rows = []
    for name in names:
        column = by_name.get(name)
        if column is None or not column.is_used:
            continue
        effect = effect_of(column, target)
        if effect.share is not None:
            rows.append(Rung(
                step=step, configuration_count=effect.count, hyperparameter=name, share=effect.share,
                lower=effect.lower, upper=effect.upper,
            ))  # fmt: skip
    return rows
