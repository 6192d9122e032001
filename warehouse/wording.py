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


def brief(value: Any, digits: int = 3) -> str:
    """Return a number as a sentence has it: as `number` writes it, without zeros at its end."""
    text = number(value, digits)
    if not isinstance(value, float) or "." not in text:
        return text
    mantissa, mark, exponent = text.partition("e")
    return mantissa.rstrip("0").rstrip(".") + mark + exponent


LEAST_P = 1e-4
"""Below it a p-value is said to be below it: no design here knows such a tail better."""


def ratio(value: float) -> str:
    """Return a ratio as `brief` has it, with more digits where it would be rounded to 1: that is the value tested."""
    text = brief(value)
    for digits in range(4, 8):
        if text != "1" or value == 1.0:
            break
        text = f"{value:.{digits}g}"
    return text


def p_value(value: float | None) -> str:
    """Return a p-value with its sign, as journals print it: `= 0.012`, `< 0.0001`; `unknown` where there is none.

    Two digits, and as many more as it takes not to be 0.05 where it lies beside it.
    """
    if value is None or math.isnan(value):
        return "unknown"
    if value < LEAST_P:
        return f"< {LEAST_P:.4f}"
    text = number(float(value), 2) if value < 0.1 else f"{value:.2f}"
    digits = 3
    while float(text) == 0.05 != value and digits < 9:
        text = number(float(value), digits)
        digits += 1
    return f"= {text}"


def p_said(value: float | None) -> str:
    """Return `p = 0.012`, `p < 0.0001`, or `not tested` where there is none."""
    return "not tested" if value is None or math.isnan(value) else f"p {p_value(value)}"


def percent(share: float | None, decimals: int = 0) -> str:
    """Return a share as percent, `5 %` or with one decimal `5.0 %`; none and all without, and only where it is that."""
    if share is None or math.isnan(share):
        return MISSING
    text = f"{100 * share:.{0 if share in (0, 1) else decimals}f}"
    if 0 < share < 1 and float(text) in (0, 100):
        least = 10.0**-decimals
        nearly = ("less than", least) if share < 0.5 else ("more than", 100 - least)
        return f"{nearly[0]} {nearly[1]:.{decimals}f} %"
    return f"{text} %".replace("-", "\u2212")


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
