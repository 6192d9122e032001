"""Whether trials that were given more end better: their last step and their duration against their final value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.correlate import spearman
from hpowh.analyses.sweeps.reading.columns import Floats

LEAST = 5


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Rank correlation of one kind of budget with the final value; negative where more goes with a lower value."""

    kind: str
    """`steps` (the last step with an intermediate value) or `duration` (seconds)."""
    count: int
    spearman: float | None
    lower: float | None
    upper: float | None
    p: float | None
    least: float | None
    most: float | None
    reason: str | None


def last_steps(count: int, trial: NDArray[np.int64], step: NDArray[np.int64]) -> Floats:
    """Return each trial's last step, NaN where it has no intermediate value."""
    result = np.full(count, np.nan)
    np.fmax.at(result, trial, step.astype(float))
    return result


def effects(steps: Floats, duration: Floats, final: Floats) -> list[Effect]:
    """Return one row per kind of budget that any trial with a final value has.

    Args:
        steps, duration: per trial, NaN where unknown.
        final: the metric as it is, NaN where there is none.
    """
    rows = []
    for kind, given in (("steps", steps), ("duration", duration)):
        has_both = ~np.isnan(given) & ~np.isnan(final)
        if not has_both.any():
            continue
        spent, value = given[has_both], final[has_both]
        least, most = float(spent.min()), float(spent.max())
        reason = None
        if spent.size < LEAST:
            reason = f"only {spent.size} trials have it, at least {LEAST} are needed"
        elif least == most:
            reason = "it is the same in every trial"
        rank = None if reason else spearman("", spent, value)
        rows.append(
            Effect(
                kind=kind,
                count=spent.size,
                spearman=rank.coefficient if rank else None,
                lower=rank.lower if rank else None,
                upper=rank.upper if rank else None,
                p=rank.p if rank else None,
                least=least,
                most=most,
                reason=rank.reason if rank else reason,
            )
        )
    return rows
