"""One cell of a table of trials: number, truth value, text, or nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hpowh.warehouse.sources.tables.numbers import EXACT, MISSING_TEXTS

LIST = re.compile(r"\[[-+0-9.eE,\s]*\]")
"""A list of numbers, as text."""


@dataclass(frozen=True)
class Cell:
    """A hyperparameter's value: always a text, and a number where it is one."""

    kind: str
    """`int`, `float`, `bool` or `text`."""
    number: float | None
    text: str


def read_cell(value: Any, *, as_text: bool = False) -> Cell | None:
    """Return a hyperparameter's value, None for an empty cell; lists and objects are kept as JSON text.

    A text such as `None` or `null` is a value of its own (`max_depth=None` means something); only an empty cell and
    NaN are none. A whole number that a double cannot hold is a text: nothing of it is lost.

    Args:
        as_text: numbers are labels, kept as they are spelt.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return Cell("bool", None, json.dumps(value))
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int | float):
        return _number(value, isinstance(value, int), value)
    if not isinstance(value, str):
        return Cell("text", None, json.dumps(value, default=str))
    if value.lower() in ("true", "false"):
        return Cell("bool", None, value.lower())
    number = None if as_text else _float(value)
    if number is None:
        return Cell("text", None, _plain_list(value))
    return _number(number, value.strip().lstrip("+-").isdigit(), value)


def _number(number: float, is_int: bool, value: Any) -> Cell | None:
    text = str(value).strip()
    if is_int and _is_beyond(text):
        return Cell("text", None, text)
    if math.isnan(number):
        return None
    return Cell("int" if is_int else "float", float(number), text)


def _is_beyond(text: str) -> bool:
    """Whether digits are a number that a double cannot be trusted to hold."""
    digits = text.lstrip("+-").lstrip("0")
    return len(digits) > 16 or int(digits or 0) > EXACT


def _plain_list(text: str) -> str:
    """Return one spelling of a list of numbers: `[64,32]` is `[64, 32]`."""
    if LIST.fullmatch(text):
        return re.sub(r"\s+", "", text).replace(",", ", ")
    return text


def plain_text(cell: Cell) -> str:
    """Return the one spelling of a cell's value: numbers as Python writes them, whole ones without a point."""
    if cell.number is None:
        return cell.text
    whole = whole_of(cell)
    return str(cell.number) if whole is None else str(whole)


def whole_of(cell: Cell) -> int | None:
    """Return the whole number that a cell holds, exactly; None where it holds something else."""
    if cell.number is None or not math.isfinite(cell.number) or abs(cell.number) > EXACT:
        return None
    return int(cell.number) if cell.number == int(cell.number) else None


def are_labels(values: Iterable[Any]) -> bool:
    """Whether the texts of a column that look like numbers are labels: `01`, a version `1.10` beside `1.9`, or
    whole numbers of which one is beyond what a double holds."""
    texts = {str(value).strip() for value in values if isinstance(value, str | int) and not isinstance(value, bool)}
    numbers = {text for text in texts if _float(text) is not None}
    if any(re.fullmatch(r"[+-]?0\d.*", text) for text in numbers):
        return True
    if any(text.lstrip("+-").isdigit() and _is_beyond(text) for text in numbers):
        return True
    decimals = {len(text.partition(".")[2]) for text in numbers}
    return len(decimals) > 1 and any(re.fullmatch(r"[^eE]*\.\d+0", text) for text in numbers)


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
    if isinstance(value, int | float | Decimal):
        return float(value), True
    number = _float(value) if isinstance(value, str) else None
    return number, number is not None
