"""Counts, numbers and directions in words, as every reader sees them."""

from __future__ import annotations

import math
from typing import Any

MISSING = "\u2013"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 run`, `2 runs`; a verb may stand with it: `1 study has`, `2 studies have`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def number(value: Any, digits: int = 4) -> str:
    """Return a number with `digits` significant digits, thousands separated; a dash for NULL."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _real(value, digits)
    return str(value)


def _real(value: float, digits: int) -> str:
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "\u221e" if value > 0 else "\u2212\u221e"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size >= 7:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "\u2212")
    return f"{value:,.{max(0, digits - 1 - size)}f}".replace("-", "\u2212")


def better(direction: str) -> str:
    """Return what every label of a metric says: which direction is better."""
    return {"min": "lower is better", "max": "higher is better"}[direction]
