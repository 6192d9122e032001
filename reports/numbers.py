"""Numbers, times and directions as a reader sees them."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

from hpowh.warehouse.wording import MISSING, better, brief, number, p_said, p_value, percent

__all__ = ["better", "brief", "moment", "number", "p_said", "p_value", "percent", "significant"]


def moment(value: Any) -> str:
    """Return a time to the second in UTC where its zone is known."""
    if isinstance(value, datetime):
        from datetime import UTC

        at = value.astimezone(UTC) if value.tzinfo else value
        return at.strftime("%Y-%m-%d %H:%M:%S") + (" UTC" if value.tzinfo else "")
    if isinstance(value, date):
        return value.isoformat()
    return MISSING if value is None else str(value)


def significant(value: Any, digits: int = 6) -> Any:
    """Return a float rounded to `digits` significant digits for a chart's data; None for NaN and infinity."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value
