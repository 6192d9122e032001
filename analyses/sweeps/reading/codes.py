"""A number that stands for failures: several trials have it, and it is far from all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.sweeps.reading.columns import Floats

FEWEST_OTHERS = 4


@dataclass(frozen=True)
class Code:
    """A value of the metric and how many trials have it."""

    value: float
    count: int


def code_of(metric: Floats) -> Code | None:
    """Return the value that may stand for failures; None where none does.

    It is the least or the greatest, several trials but no more than half have it, and it is farther from the next one
    than all others are from one another.

    Args:
        metric: per trial, finite.
    """
    for value in (float(metric.max(initial=-np.inf)), float(metric.min(initial=np.inf))):
        others = metric[metric != value]
        count = metric.size - others.size
        if count < 2 or others.size < FEWEST_OTHERS or count > others.size:
            continue
        if np.abs(others - value).min() > np.ptp(others) > 0:
            return Code(value, count)
    return None
