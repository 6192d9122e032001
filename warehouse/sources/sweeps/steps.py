"""Budgets as steps."""

from __future__ import annotations

from collections.abc import Sequence


def steps_of(budgets: Sequence[float]) -> dict[float, int]:
    """Return budget -> step: the budget itself, or its place (from 1) where budgets are no whole numbers."""
    if all(float(budget).is_integer() for budget in budgets):
        return {budget: int(budget) for budget in budgets}
    return {budget: place for place, budget in enumerate(sorted(budgets), start=1)}
