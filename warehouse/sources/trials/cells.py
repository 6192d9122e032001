"""One cell of a table of trials: number, truth value, text, or nothing."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from hpowh.warehouse.sources.tables.tabular import MISSING_TEXTS


@dataclass(frozen=True)
class Cell:
    """A hyperparameter's value: always a text, and a number where it is one."""

    kind: str
    """`int`, `float`, `bool` or `text`."""
    number: float | None
    text: str


def read_cell(value: Any) -> Cell | None:
    """Return a hyperparameter's value, None for an empty cell; lists and objects are kept as JSON text.

    A text such as `None` or `null` is a value of its own (`max_depth=None` means something); only an empty cell and
    NaN are none.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return Cell("bool", None, json.dumps(value))
    if isinstance(value, int | float):
        return _number(float(value), isinstance(value, int), value)
    if not isinstance(value, str):
        return Cell("text", None, json.dumps(value, default=str))
    if value.lower() in ("true", "false"):
        return Cell("bool", None, value.lower())
    number = _float(value)
    if number is None:
        return Cell("text", None, value)
    return _number(number, value.strip().lstrip("+-").isdigit(), value)


def _number(number: float, is_int: bool, value: Any) -> Cell | None:
    if math.isnan(number):
        return None
    return Cell("int" if is_int else "float", number, str(value).strip())


def _float(text: str) -> float | None:
    """Return the number that a text is; `1_000` is none."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def read_number(value: Any) -> tuple[float | None, bool]:
    """Return a metric's value (None: there is none; NaN and infinities as they are) and whether it could be read."""
    if value is None or (isinstance(value, str) and value.strip().lower() in MISSING_TEXTS):
        return None, True
    if isinstance(value, bool):
        return None, False
    if isinstance(value, int | float):
        return float(value), True
    number = _float(value) if isinstance(value, str) else None
    return number, number is not None
