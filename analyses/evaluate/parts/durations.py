"""Spans of time as people and schedulers write them."""

from __future__ import annotations

import re

from hpowh.analyses.evaluate.errors import SpecError


def seconds_of(text: str, option: str) -> int:
    """Return the seconds of `90`, `45:00`, `4:00:00` or `2-12:00:00` (days).

    Raises:
        SpecError: it is none of these, or nothing.
    """
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(?:(\d+):)?(\d+)", text.strip())
    if found is None:
        raise SpecError(f"{option} {text}: not a span of time.", f"Write {option} 4:00:00, or seconds: {option} 14400")
    days, first, second, last = (None if part is None else int(part) for part in found.groups())
    hours, minutes = (first or 0, second) if second is not None else (0, first or 0)
    total = (days or 0) * 86400 + hours * 3600 + minutes * 60 + (last or 0)
    if total <= 0:
        raise SpecError(f"{option} {text}: no time at all.")
    return total


def clock_of(seconds: float) -> str:
    """Write seconds as schedulers read them: `4:05:00`, `2-03:00:00`."""
    whole = round(seconds)
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, last = divmod(rest, 60)
    return f"{days}-{hours:02}:{minutes:02}:{last:02}" if days else f"{hours}:{minutes:02}:{last:02}"
