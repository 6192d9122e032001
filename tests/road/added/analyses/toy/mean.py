"""The mean, where there is one."""

from __future__ import annotations

from collections.abc import Sequence


def mean(values: Sequence[float]) -> tuple[float | None, str | None]:
    """Return the arithmetic mean, or None and the reason."""
    if not values:
        return None, "no benchmark has a number of classes"
    return sum(values) / len(values), None
