"""Numbers and lists in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with so many significant digits, thousands separated; a dash where there is none."""
    if value is None or math.isnan(value):
        return "\u2013"
    if isinstance(value, int):
        return f"{value:,}"
    if math.isinf(value):
        return "\u221e" if value > 0 else "\u2212\u221e"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size >= 7:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "\u2212")
    return f"{value:,.{max(0, digits - 1 - size)}f}".replace("-", "\u2212")


def plain(value: float, digits: int = 3) -> str:
    """Return a number as short as it goes: whole ones without decimals."""
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e6 else number(float(value), digits)


def counted(count: int, one: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else one + 's'}"


def listed(names: Sequence[str], most: int) -> str:
    """Return names joined by commas, the first ones and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
