"""Wide tables of results: what names their rows, which columns are no results, and whether a table is one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from hpowh.warehouse.sources.tables.naming import NAMES, plain_name, words
from hpowh.warehouse.sources.tables.numbers import MISSING_TEXTS

LABELS = {
    "algorithm": (*NAMES["algorithm"], "model", "models", "model_name", "methods", "system", "agent", "approach",
                  "estimator", "submission", "team", "entry"),
    "benchmark": (*NAMES["benchmark"], "datasets", "tasks", "benchmarks", "problems", "data", "dataset_name",
                  "task_name", "subject", "environment", "env", "game"),
    "seed": NAMES["seed"],
}  # fmt: skip
"""Names of the column that names the rows of a wide table."""
SUMMARIES = frozenset({
    "average", "avg", "mean", "median", "overall", "total", "sum", "rank", "ranking", "position", "place", "elo",
    "borda", "params", "parameters", "size", "year", "date", "votes", "std", "sd", "stderr", "count", "n", "id",
    "index", "memory", "price", "latency", "hub", "likes", "downloads", "cost", "co2", "co\u2082", "emissions",
})  # fmt: skip
"""Words of columns that sum up the others, or state a fact of the row."""
SUMMED = frozenset({
    "average", "avg", "mean", "median", "overall", "total", "sum", "rank", "ranks", "ranking", "std", "stdev", "sd",
    "wins", "win", "gmean",
})  # fmt: skip
BESIDE_SUMS = frozenset({
    "of", "all", "the", "over", "datasets", "tasks", "benchmarks", "geometric", "geo", "ties", "losses", "tie", "loss",
    "score", "accuracy", "error", "number", "n", "count", "rate", "normalized", "normalised",
})  # fmt: skip
"""Words of rows that sum up the others, and words beside them."""
LEAST_COLUMNS, LEAST_ROWS = 3, 3
MOSTLY = 0.5
COMMON_SCALE = 30.0
"""Results of several methods on one task are alike; columns whose middles differ more than this are other things."""
NUMBER = r"^\s*[*_$]*\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*[*_$]*\s*%?\s*(?:(?:±|\+/-|\+-|\\pm|\().*)?$"
"""A number, perhaps set in bold, perhaps with a spread behind it (`85.3 ± 0.4`, `0.91 (0.02)`), which is left out."""
BEHIND = r"±|\+/-|\+-|\\pm|\("
"""What begins a spread, or a number of failed folds, behind a number."""


COUNTED = re.compile(r"(seed|run|rep|repeat|fold|split|trial|iter|epoch|step)?[ _-]?\d+", re.IGNORECASE)
"""Headings that count something: a column a seed, a fold, or a budget."""


def label_role(column: str) -> str | None:
    """Return what a column that names rows is, by its own name: `algorithm`, `benchmark`, `seed`, or None."""
    name = plain_name(column)
    return next((role for role, names in LABELS.items() if name in names), None)


def is_summary(column: str) -> bool:
    """Whether a heading is one of a summary (`Average`, `Mean (Task)`, `Rank`) or a fact (`# params`, `Year`)."""
    found = words(column)
    return bool(SUMMARIES.intersection(found)) and len(found) <= 3


def is_summary_row(name: str) -> bool:
    """Whether a row of a table of benchmarks sums up the others by its name: `Mean`, `Avg. rank`, `# wins`."""
    found = set(words(name))
    return bool(found & SUMMED) and found <= SUMMED | BESIDE_SUMS


def are_numbers(values: Iterable[object]) -> bool:
    """Whether most values that are there are numbers, perhaps with a spread behind them."""
    texts = [str(value).strip() for value in values if value is not None]
    there = [text for text in texts if text.lower() not in MISSING_TEXTS]
    return bool(there) and sum(re.match(NUMBER, text) is not None for text in there) > MOSTLY * len(there)


@dataclass(frozen=True)
class Wide:
    """A table of methods by tasks, or of tasks by methods: what its rows are, why, and the columns of numbers."""

    row_role: str
    why: str
    columns: tuple[str, ...]
    is_on_one_scale: bool


def wide_table(columns: list[str], rows: list[tuple[Any, ...]]) -> Wide | None:
    """Return what a wide table of results is, by its columns and first rows; None where it is none.

    One column names the rows, each of another name, by a heading of methods or tasks, and most others are numbers.
    """
    labels = [column for column in columns if label_role(column) in ("algorithm", "benchmark")]
    if len(labels) != 1 or len(rows) < LEAST_ROWS:
        return None
    place = columns.index(labels[0])
    names = [row[place] for row in rows]
    if len(set(names)) != len(names) or are_numbers(names):
        return None
    others = [c for c in columns if c not in labels and label_role(c) is None and not is_summary(c)]
    numbers = [c for c in others if are_numbers(row[columns.index(c)] for row in rows)]
    if len(numbers) < LEAST_COLUMNS or len(numbers) < MOSTLY * len(others):
        return None
    middles = [_middle(rows, columns.index(c)) for c in numbers]
    is_alike = min(middles) > 0 and max(middles) <= COMMON_SCALE * min(middles)
    why = f"each row is another {labels[0]!r}, and {len(numbers)} columns hold a number each"
    return Wide(str(label_role(labels[0])), why, tuple(numbers), is_alike)


def _middle(rows: list[tuple[Any, ...]], place: int) -> float:
    found = [re.match(NUMBER, str(row[place])) for row in rows if row[place] is not None]
    return median(abs(float(match[1])) for match in found if match is not None)
