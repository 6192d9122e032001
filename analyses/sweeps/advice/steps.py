"""What intermediate values say about the final one: how early a trial could have been stopped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.correlate import spearman
from hpowh.analyses.sweeps.reading.columns import Floats

LEAST = 10
"""A step counts where at least so many trials have a value there and a final one."""
MOST = 60
"""At most so many steps, evenly spread over those that count."""
GOOD = 0.1


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: the rank correlation of the values there with the final ones."""

    step: int
    count: int
    spearman: float | None
    lower: float | None
    upper: float | None
    kept: float | None
    """Share of the best tenth (by final value) that is in the better half at this step: what stopping the worse half
    here would have kept."""
    reason: str | None


def early_stopping(trial: NDArray[np.int64], step: NDArray[np.int64], value: Floats, final: Floats) -> list[Step]:
    """Return one row per step; empty where there are no intermediate values.

    Args:
        trial: position in `final` of each intermediate value.
        value: the metric then, lower is better, finite.
        final: the trials' final values, lower is better; NaN where there is none (those trials are left out).
    """
    there = ~np.isnan(final[trial]) if trial.size else np.zeros(0, dtype=bool)
    trial, step, value = trial[there], step[there], value[there]
    steps, counts = np.unique(step, return_counts=True)
    steps = steps[counts >= LEAST]
    if steps.size > MOST:
        steps = steps[np.unique(np.linspace(0, steps.size - 1, MOST).round().astype(int))]
    result = []
    for one in steps:
        here = step == one
        now, end = value[here], final[trial[here]]
        found = spearman("", now, end)
        best = end <= np.quantile(end, GOOD)
        kept = float((now[best] <= np.median(now)).mean())
        result.append(
            Step(
                step=int(one),
                count=int(here.sum()),
                spearman=found.coefficient,
                lower=found.lower,
                upper=found.upper,
                kept=kept,
                reason=found.reason,
            )
        )
    return result
