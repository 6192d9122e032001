"""What W&B's tables mean: dictionaries as text, two alphabetical blocks, media, results that count steps."""

from __future__ import annotations

import ast
import json
import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.trials.cells import read_number
from hpowh.warehouse.sources.trials.rows import Rows, flatten

NO_LITERAL = re.compile(r"(?<=[:\[,( ])-?(nan|inf)(?=[,\]}) ])")
CHART = re.compile(r"^.+ - .+$")
BY_CHANCE = 0.05
"""Columns in any order fall into two alphabetical blocks with less than this probability: then the blocks mean it."""
COUNTERS = ("_step", "_runtime")


def unpack(rows: Rows) -> Rows:
    """Return rows in which what dictionaries hold (`config`, `summary`, `params`) are columns of their own."""
    # scikit-learn's `params` says again what its columns `param_…` say.
    ordered = sorted(rows.columns)

    def is_begun_by(begin: str) -> bool:
        at = bisect_left(ordered, begin)
        return at < len(ordered) and ordered[at].startswith(begin)

    again = [name for name in rows.columns if is_begun_by(f"{name.removesuffix('s')}_")]
    packed = [name for name in rows.columns if name not in again and _is_packed(rows, name)]
    if not packed:
        return rows
    found = []
    seen: dict[str, None] = {}
    for row in rows.rows:
        flat: dict[str, Any] = {}
        for name, value in row.items():
            inner = dictionary(value) if name in packed else None
            flat |= {f"{name}.{key}": one for key, one in flatten(inner)} if inner is not None else {}
            if name not in packed:
                flat[name] = value
        seen |= dict.fromkeys(flat)
        found.append(flat)
    rows.columns, rows.rows = list(seen), found
    rows.notes.append(f"Dictionaries were unpacked: {', '.join(packed)}.")
    return rows


def _is_packed(rows: Rows, name: str) -> bool:
    cells = [row.get(name) for row in rows.rows]
    cells = [cell for cell in cells if isinstance(cell, dict | list) or cell not in (None, "")]
    found = [dictionary(cell) for cell in cells]
    return bool(cells) and all(one is not None and "_type" not in one for one in found)  # `_type` is of W&B's media


def dictionary(cell: Any) -> dict[str, Any] | None:
    """Return the dictionary that a text is, in JSON or Python; a NaN in it is no value. Nothing is run."""
    if not isinstance(cell, str) or not cell.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(cell)
    except ValueError:
        try:
            found = ast.literal_eval(NO_LITERAL.sub("None", cell))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return found if isinstance(found, dict) and all(isinstance(key, str) for key in found) else None


def refuse_chart(columns: Sequence[str], location: str) -> None:
    """Refuse the export of a chart, which has a column a run instead of a row a run.

    Raises:
        IngestError: nearly all columns are `RUN - METRIC`.
    """
    drawn = [column for column in columns if CHART.match(column)]
    if len(drawn) >= 3 and len(drawn) >= len(columns) - 1 and any(c.endswith(("__MIN", "__MAX")) for c in drawn):
        raise IngestError(
            f"{location} is the export of one of W&B's charts: a column a run ({drawn[0]!r} …), no configuration.",
            "Export the runs: in the project's Runs table, the arrow pointing down, CSV Export.",
        )


def no_hyperparameters(rows: Rows, own: Sequence[str]) -> dict[str, str]:
    """Return columns that no trial was given, with why: the summary's block, media, and what counts steps.

    Args:
        own: columns with a role, and W&B's own.
    """
    rest = [column for column in rows.columns if column not in own]
    found = dict.fromkeys(summary_block(rest), "in the second alphabetical block: the summary")
    for column in rest:
        cells = [row.get(column) for row in rows.rows if row.get(column) not in (None, "")]
        if cells and all(isinstance(cell, str) and "_type" in cell and dictionary(cell) is not None for cell in cells):
            found[column] = "media of W&B's"
    for counter in COUNTERS:
        if counter in rows.columns:
            found |= {c: f"counts as {counter} does" for c in rest if c != counter and _counts_alike(rows, c, counter)}
    return found


def summary_block(columns: Sequence[str]) -> list[str]:
    """Return the second of two alphabetical blocks, empty where columns do not clearly fall into two.

    W&B's page exports the configuration in alphabetical order, then the summary in alphabetical order. Columns in any
    order have one descent with probability (2^n - n - 1) / n!.
    """
    n = len(columns)
    if n < 2 or (2**n - n - 1) / math.factorial(n) >= BY_CHANCE:
        return []
    for key in (str, str.casefold):
        descents = [i for i in range(1, n) if key(columns[i]) < key(columns[i - 1])]
        if len(descents) == 1:
            return list(columns[descents[0] :])
    return []


def _counts_alike(rows: Rows, column: str, counter: str) -> bool:
    """Return whether two columns differ by the same number in every row, and vary."""
    pairs = [(read_number(row.get(column))[0], read_number(row.get(counter))[0]) for row in rows.rows]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    if len(known) < 3 or len(known) < len(rows.rows) / 2 or len({a for a, _ in known}) < 3:
        return False
    return len({round(a - b, 9) for a, b in known}) == 1


def starts_in_order(starts: Sequence[Any]) -> list[int] | None:
    """Return trials' numbers from 1 by their start; None where not all have one. Equal starts keep the rows' order.

    A page lists the newest first: numbered by row, every trial's number would move with each export.
    """
    if not starts or any(start is None for start in starts):
        return None
    order = sorted(range(len(starts)), key=lambda i: starts[i])
    numbers = [0] * len(starts)
    for number, i in enumerate(order, start=1):
        numbers[i] = number
    return numbers
