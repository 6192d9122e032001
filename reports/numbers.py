"""Numbers, times and directions as a reader sees them."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

MISSING = "\u2013"


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


def moment(value: Any) -> str:
    """Return a time to the second in UTC where its zone is known."""
    if isinstance(value, datetime):
        from datetime import UTC

        at = value.astimezone(UTC) if value.tzinfo else value
        return at.strftime("%Y-%m-%d %H:%M:%S") + (" UTC" if value.tzinfo else "")
    if isinstance(value, date):
        return value.isoformat()
    return MISSING if value is None else str(value)


def better(direction: str) -> str:
    """Return what every label of a metric says: which direction is better."""
    return {"min": "lower is better", "max": "higher is better"}[direction]


def significant(value: Any, digits: int = 6) -> Any:
    """Return a float rounded to `digits` significant digits for a chart's data; None for NaN and infinity."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value
