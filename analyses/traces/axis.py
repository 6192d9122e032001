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
"""A budget counts as reached by an algorithm when this share of its runs reaches it."""
NEARLY = 0.9
"""The axis ends where every run still goes on, if that keeps at least this share of the axis."""


@dataclass(frozen=True)
class Axis:
    """Increasing budgets (the trace's unit), how they are spaced, and each budget's share of the axis."""

    budgets: Floats
    scale: str
    weights: Floats


class NoCommonBudgetError(ValueError):
    """The runs have no budget in common; the message says why."""


def choose_axis(algorithm: NDArray[np.int64], first: Floats, last: Floats, budgets: Floats) -> Axis:
    """Choose the budgets at which the runs of one benchmark are compared.

    The axis starts at the smallest budget by which, for every algorithm, at least `MOST` of the runs have a usable
    value. It ends at the last budget that every run reaches; where that would lose more than a tenth of what `MOST` of
    every algorithm's runs reach, it ends there instead, and the runs that stopped earlier have no value after their
    end. In between lie all recorded budgets, thinned to `POINT_LIMIT` (see `thin`).

    Args:
        algorithm: shape (runs,), which algorithm a run belongs to.
        first: shape (runs,), budget of the first usable value; NaN for a run without one (such a run is ignored).
        last: shape (runs,), last recorded budget.
        budgets: shape (n,), every budget recorded on this benchmark, in any order.

    Raises:
        NoCommonBudgetError: no run has a usable value, or the algorithms' budget ranges do not meet.
    """
    usable = ~np.isnan(first)
    if not usable.any():
        raise NoCommonBudgetError("no run has a usable value")
    algorithm, first, last = algorithm[usable], first[usable], last[usable]
    groups = [algorithm == one for one in np.unique(algorithm)]
    lower = max(np.sort(first[group])[_position(group)] for group in groups)
    most = min(np.sort(last[group])[::-1][_position(group)] for group in groups)
    upper = last.min() if last.min() >= max(NEARLY * most, lower) else most
    between = np.unique(budgets[(budgets >= lower) & (budgets <= upper)])
    if between.size == 0:
        raise NoCommonBudgetError("there is no budget that every algorithm reaches")
    chosen, scale = thin(between)
    return Axis(chosen, scale, step_weights(chosen, scale))


def _position(group: NDArray[np.bool_]) -> int:
    """Return the index, in sorted order, of the run that completes the share `MOST` of a group."""
    return int(np.ceil(MOST * int(group.sum()) - 1e-9)) - 1


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
