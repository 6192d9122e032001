"""The levels of categories one by one: better or worse than the others, alone and with all else held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.statistics.distributions import t as student
from hpowh.analyses.statistics.effects import standardised
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.sweeps.importance.linear import Linear
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level against all others of its hyperparameter."""

    hyperparameter: str
    level: str
    configuration_count: int
    mean: float
    """Of the metric over its configurations."""
    correlation: float | None
    """Of having the level (0 or 1) with the metric."""
    p: float | None
    p_adjusted: float | None
    """Holm over all levels of all hyperparameters."""
    adjusted_difference: float | None
    """From the other levels, all other hyperparameters held (least squares)."""
    adjusted_p: float | None
    reason: str | None


def level_effects(prepared: Prepared, metric: Floats, linear: Linear) -> list[Level]:
    """Return one row a level that is used; of a conditional category among the configurations that have it."""
    z = standardised(metric)
    effects = []
    for at, column in enumerate(prepared.used):
        if column.kind != "categorical":
            continue
        in_model = {level for name, level in linear.levels if name == column.name}
        there = ~np.isnan(column.tested)
        y = z[there]
        for place, level in enumerate(column.levels):
            has = prepared.codes[there, at] == place
            count = int(has.sum())
            r = p = None
            reason = None
            if count < 2 or has.size - count < 2 or has.size < 5:
                reason = f"{count} of {has.size} configurations have it"
            else:
                r = float(np.clip(np.corrcoef(has, y)[0, 1], -1, 1)) if np.ptp(y) > 0 else 0.0
                free = has.size - 2
                p = float(2 * student.sf(abs(r) * np.sqrt(free / max(1e-15, 1 - r * r)), free))
            key = level if level in in_model else ""
            is_reference = place == 0 and in_model
            side = linear.levels.get((column.name, key)) if level in in_model or is_reference else None
            effects.append(
                (column.name, level, count, float(metric[there][has].mean()) if count else np.nan, r, p, side, reason)
            )
    tested = [i for i, one in enumerate(effects) if one[5] is not None]
    adjusted = dict(zip(tested, holm(np.array([effects[i][5] for i in tested], dtype=float)).tolist(), strict=True))
    return [
        Level(
            hyperparameter=name, level=level, configuration_count=count, mean=mean, correlation=r, p=p,
            p_adjusted=adjusted.get(i), adjusted_difference=side[0] if side else None,
            adjusted_p=side[1] if side else None, reason=reason,
        )
        for i, (name, level, count, mean, r, p, side, reason) in enumerate(effects)
        if count
    ]  # fmt: skip
