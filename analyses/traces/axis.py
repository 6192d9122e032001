"""The common budget axis of one benchmark: where its runs can be compared without inventing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POINT_LIMIT = 100
"""At most this many budgets on an axis."""
LOG_RATIO = 100.0
"""Budgets that span more than this ratio (two orders of magnitude) are spaced by their logarithm."""
MOST = 0.8
"""A budget counts as reached by an algorithm when this share of its runs reaches it (`mart.common_budget`)."""
NEARLY = 0.9
"""Axes that end within this share of the longest are of one length."""


@dataclass(frozen=True)
class Axis:
    """Increasing budgets (the trace's unit), how they are spaced, and each budget's share of the axis."""

    budgets: Floats
    scale: str
    weights: Floats


class NoCommonBudgetError(ValueError):
    """The runs have no budget in common; the message says why."""


def choose_axis(lower: float | None, upper: float | None, budgets: Floats) -> Axis:
    """Choose the budgets at which the runs of one benchmark are compared.

    The axis lies between the two budgets of `mart.common_budget`: it starts at the smallest one by which most runs of
    every algorithm have a usable value, and ends at the largest one at which the runs can be compared. In between lie
    all recorded budgets, thinned to `POINT_LIMIT` (see `thin`).

    Args:
        lower, upper: those two budgets; None where no run has a usable value.
        budgets: shape (n,), every budget recorded on this benchmark, in any order.

    Raises:
        NoCommonBudgetError: no run has a usable value, or the algorithms' budget ranges do not meet.
    """
    if lower is None or upper is None:
        raise NoCommonBudgetError("no run has a usable value")
    between = np.unique(budgets[(budgets >= lower) & (budgets <= upper)])
    if between.size == 0:
        raise NoCommonBudgetError("there is no budget that every algorithm reaches")
    chosen, scale = thin(between)
    return Axis(chosen, scale, step_weights(chosen, scale))


def thin(budgets: Floats, limit: int = POINT_LIMIT) -> tuple[Floats, str]:
    """Return at most `limit` of the increasing `budgets`, and the spacing: `linear` or `log`.

    The first and the last stay. Between them lie `limit` targets, evenly spaced (by logarithm where the budgets span
    more than `LOG_RATIO`); for each target the last recorded budget not above it is taken, so no budget is made up.
    """
    low, high = float(budgets[0]), float(budgets[-1])
    scale = "log" if low > 0 and high / low > LOG_RATIO else "linear"
    if budgets.size <= limit:
        return budgets, scale
    targets = np.geomspace(low, high, limit) if scale == "log" else np.linspace(low, high, limit)
    targets[0], targets[-1] = low, high
    return budgets[np.unique(np.searchsorted(budgets, targets, side="right") - 1)], scale


def step_weights(budgets: Floats, scale: str) -> Floats:
    """Return each budget's share of the axis, up to the next budget; they sum to 1.

    An incumbent stays what it is until the next budget, so a mean over the axis with these weights is the area under
    the step curve divided by its width (in log budget where `scale` is `log`). The last budget has no width.
    """
    if budgets.size == 1:
        return np.ones(1)
    position = np.log(budgets) if scale == "log" else budgets
    width = np.append(np.diff(position), 0.0)
    return width / width.sum()
