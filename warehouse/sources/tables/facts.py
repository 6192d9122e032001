"""Columns that state a fact of a row and were set by nobody: dates, identifiers, hashes, paths, messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.sources.tables.naming import IDENTIFIERS, plain_name, words

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.tables.staging import Staged

DATES, SECONDS, HASHES = "dates or times", "moments counted from 1970", "hashes"
PLACES, OWN, NAMED, MESSAGES = "paths or addresses", "a text of its own in every row", "identifiers", "messages"
FACTS = (DATES, SECONDS, HASHES, PLACES, OWN, NAMED, MESSAGES)
FEWEST = 10
"""So many rows must have a text of their own before that says something."""
FIRST, ROWS = 10, 2_000
"""Rows that are looked at for what may be a fact, and to tell whether it is one."""
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T _-].*)?|\d{1,2}[./]\d{1,2}[./](\d{2}|\d{4})([ ,T].*)?|\d{8}[-_T]\d{4,6}.*|"
    r"((mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(\d{1,2} )?"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d.*",
    re.IGNORECASE,
)
HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PLACE = re.compile(r"(/|~/|\.{1,2}/|[A-Za-z]:[\\/]|[a-z][a-z0-9+]*://).+|[^ \[{(]+[\\/][^ ]+\.[A-Za-z0-9]{1,8}")
EPOCHS = tuple((1.0e9 * unit, 2.5e9 * unit, 1.6e8 * unit) for unit in (1, 1e3, 1e6, 1e9))
"""Least and largest value of moments in seconds, milliseconds, …, and how far those of one table are apart at most."""
OF_DAYS = frozenset({"date", "day", "datum", "jour", "fecha"})
NAMES = frozenset({
    "commit", "git_commit", "commit_hash", "commit_id", "git_sha", "git_hash", "git_revision", "sha", "sha1", "sha256",
    "md5", "checksum", "host", "machine", "node_name", "user", "username", "process_id", "thread_id", "worker_id",
    "slurm_job_id", "slurm_id", "array_job_id", "job_name", "session_id", "sweep_id", "study_id", "exp_id",
    "experiment_hash", "run_name", "run_key", "trial_name",
})  # fmt: skip
"""Names of what tells things apart, beside those that every source knows."""
SAYING = frozenset({
    "error", "error_message", "error_msg", "errors", "exception", "traceback", "stacktrace", "failure_reason", "reason",
    "message", "stderr", "stdout", "warning", "warnings", "notes", "note", "comment", "comments", "remark", "remarks",
})  # fmt: skip
"""Names of texts for those who read them."""


def facts(table: Mapping[str, Sequence[Any]], *, is_every_place: bool = False) -> dict[str, str]:
    """Return those columns (name -> cells) that are facts, with what they hold.

    Args:
        is_every_place: paths are facts even where few are different; else a path of two levels may be a setting.
    """
    found = {}
    for column, cells in table.items():
        what = fact(column, cells, is_every_place=is_every_place)
        if what:
            found[column] = what
    return found


def fact(column: str, cells: Sequence[Any], *, is_every_place: bool = False) -> str | None:
    """Return what a column holds where that is a fact of a row and no setting, else None."""
    filled = [cell for cell in cells if cell is not None and str(cell).strip() != ""]
    if not filled:
        return None
    name = plain_name(column)
    if all(isinstance(cell, date) for cell in filled):
        return DATES
    texts = [str(cell).strip() for cell in filled]
    different = len(set(texts))
    numbers = [_number(text) for text in texts]
    if all(number is not None for number in numbers):
        return _of_numbers(name, [number for number in numbers if number is not None], different, len(cells))
    if any(number is not None for number in numbers) or any(text.lower() in ("true", "false") for text in texts):
        return NAMED if name in NAMES or name in IDENTIFIERS else None
    if all(DATE.fullmatch(text) for text in texts):
        return DATES
    if name in NAMES or name in IDENTIFIERS:
        return NAMED
    if name in SAYING:
        return MESSAGES
    if all(HASH.fullmatch(text) for text in texts):
        return HASHES
    if all(PLACE.fullmatch(text) for text in texts) and (is_every_place or different * 2 > len(texts)):
        return PLACES
    is_own = different == len(cells) >= FEWEST and not any(text[0] in "[{(" for text in texts)
    return OWN if is_own else None


def _of_numbers(name: str, numbers: list[float], different: int, rows: int) -> str | None:
    if name in NAMES or name in IDENTIFIERS:
        return NAMED
    low, high = min(numbers), max(numbers)
    if different * 2 > rows >= 3 and any(a <= low and high <= b and high - low <= far for a, b, far in EPOCHS):
        return SECONDS
    is_day = all(number.is_integer() and 19_000_101 <= number <= 21_001_231 for number in numbers)
    if is_day and OF_DAYS & set(words(name)):
        return DATES
    return NAMED if words(name)[-1:] == ["id"] and different == rows >= FEWEST else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def facts_in(
    connection: duckdb.DuckDBPyConnection, staged: Staged, among: Iterable[str], *, is_every_place: bool = False
) -> dict[str, str]:
    """Return the same of the columns of a staged table; looks at its first rows only."""
    columns = list(among)
    may_be = _cells(connection, staged, columns, FIRST)
    columns = [column for column, cells in may_be.items() if _may_be(column, cells)]
    return facts(_cells(connection, staged, columns, ROWS), is_every_place=is_every_place)


def _may_be(column: str, cells: Sequence[Any]) -> bool:
    """Whether nothing in a column's first cells says that it is no fact."""
    filled = [cell for cell in cells if cell is not None and str(cell).strip() != ""]
    return (
        len(filled) < len(cells)
        or len(set(filled)) == len(filled)
        or fact(column, cells, is_every_place=True) is not None
    )


def _cells(
    connection: duckdb.DuckDBPyConnection, staged: Staged, columns: Sequence[str], limit: int
) -> dict[str, Sequence[Any]]:
    if not columns:
        return {}
    names = ", ".join(staged.columns.sql(column) for column in columns)
    rows = connection.execute(f"select {names} from {staged.relation} limit {limit}").fetchall()  # noqa: S608
    return dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}


def without_need(found: Mapping[str, str], is_told_apart: Callable[[set[str]], bool]) -> dict[str, str]:
    """Return those facts without which the rows of a table are still told apart.

    Args:
        is_told_apart: whether they are without some columns.
    """
    if is_told_apart(set(found)):
        return dict(found)
    gone: set[str] = set()
    for column in found:
        if is_told_apart({*gone, column}):
            gone.add(column)
    return {column: what for column, what in found.items() if column in gone}


def facts_note(found: Mapping[str, str], verb: str, role: str) -> list[str]:
    """Return the sentence about columns that are facts: what was done with them, and how to undo it."""
    if not found:
        return []
    by_kind: dict[str, list[str]] = {}
    for column, what in found.items():
        by_kind.setdefault(what, []).append(column)
    told = "; ".join(
        f"{', '.join(columns[:10])}{' …' if len(columns) > 10 else ''} ({what})" for what, columns in by_kind.items()
    )
    return [f"No settings but facts of a row, {verb}: {told}. --map COLUMN={role} keeps one."]
