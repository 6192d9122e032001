"""Numbers and lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from hpowh.analyses.wording import number


def plain(value: float, digits: int = 3) -> str:
    """Return a number as short as it goes: whole ones without decimals."""
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e6 else number(float(value), digits)


def listed(names: Sequence[str], most: int) -> str:
    """Return names joined by commas, the first ones and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
