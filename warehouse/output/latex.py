"""Rows as a LaTeX table in the style of booktabs: names are text, whatever they hold."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hpowh.warehouse.console import show

ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",  # after \\ a bracket would be its argument
    "]": "{]}",
    **{char: f"\\{char}" for char in "&%$#_"},
}
MISSING = "--"


def escaped(text: str) -> str:
    """Return a text as LaTeX prints it: no command, no comment, no line break in it."""
    visible = (" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in text)
    return "".join(ESCAPED.get(char, char) for char in visible)


def cell(value: Any) -> str:
    """Return one value: numbers in mathematics, so that a minus is a minus; a dash for NULL."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if not _is_number(value):
        return escaped(show(value))
    mantissa, _, exponent = show(value).lower().replace("inf", r"\infty").partition("e")
    return f"${mantissa}" + (rf" \times 10^{{{int(exponent)}}}" if exponent else "") + "$"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def latex_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    r"""Return a `tabular` for a document with `\usepackage{booktabs}`: numbers right, texts left."""
    is_number = [
        any(row[at] is not None for row in rows) and all(row[at] is None or _is_number(row[at]) for row in rows)
        for at in range(len(columns))
    ]
    heads = [escaped(re.sub(r"_+", " ", name).strip() or name) for name in columns]
    lines = [
        r"\begin{tabular}{" + "".join("r" if number else "l" for number in is_number) + "}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
        *(" & ".join(cell(value) for value in row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"
