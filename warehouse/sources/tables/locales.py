"""Numbers as other places write them: decimal commas, separators of thousands, percent signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.naming import NAMES, plain_name
from hpowh.warehouse.sources.tables.roles import listed

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Problem
    from hpowh.warehouse.sources.tables.columns import Columns

DECIMALS = (",", ".")
THOUSANDS = (",", ".", " ", "'", "_")
FIRST = 1_000
"""So many rows are looked at for a percent sign."""


def localise(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Columns, options: Mapping[str, Any]
) -> list[str]:
    """Rewrite the numbers of a table of texts as the options `decimal` and `thousands` say; return what was done.

    Only cells that are wholly such a number change.

    Raises:
        UsageError: an option is no such sign, or both are the same.
    """
    decimal, thousands = str(options.get("decimal") or "."), str(options.get("thousands") or "")
    if decimal == "." and not thousands:
        return []
    if decimal not in DECIMALS or (thousands and thousands not in THOUSANDS) or decimal == thousands:
        raise UsageError(
            f"--option decimal={decimal} --option thousands={thousands}: not understood.",
            "Say decimal=, and, where thousands are separated, thousands=. (or a blank).",
        )
    sign, mark = re.escape(decimal), re.escape(thousands)
    whole = f"([0-9]+|[0-9]{{1,3}}({mark}[0-9]{{3}})+)" if thousands else "[0-9]+"
    pattern = literal(f"[+-]?{whole}({sign}[0-9]*)?([eE][+-]?[0-9]+)?")
    sets = []
    for name in (columns.sql(column) for column in columns):
        bare = f"replace({name}, {literal(thousands)}, '')" if thousands else name
        sets.append(
            f"{name} = case when regexp_full_match(trim({name}), {pattern}) "
            f"then replace({bare}, {literal(decimal)}, '.') else {name} end"
        )
    connection.execute(f"update {table} set {', '.join(sets)}")  # noqa: S608
    between = f" and {thousands!r} between thousands" if thousands else ""
    return [f"Numbers are read with {decimal!r} as the decimal sign{between}."]


def strip_percents(connection: duckdb.DuckDBPyConnection, table: str, columns: Columns) -> list[str]:
    """Take the sign from columns in which every number has one (`93 %`); return these columns."""
    names = {column: columns.sql(column) for column in columns}
    tests = ", ".join(f"coalesce(bool_or({name} like '%\\%' escape '\\'), false)" for name in names.values())
    row = connection.execute(f"select {tests} from (select * from {table} limit {FIRST})").fetchall()[0]  # noqa: S608
    found = []
    for (column, name), may_be in zip(names.items(), row, strict=True):
        number = f"regexp_full_match(trim({name}), '[+-]?[0-9.]+([eE][+-]?[0-9]+)?\\s*%')"
        if (
            may_be
            and connection.execute(
                f"select coalesce(bool_and({number} or trim({name}) = ''), false) from {table}"  # noqa: S608
            ).fetchall()[0][0]
        ):
            connection.execute(f"update {table} set {name} = trim(rtrim(trim({name}), '%'))")  # noqa: S608
            found.append(column)
    return found


LENGTH = r"(?:(\d+) days?,? )?(\d+):(\d{2}):(\d{2}(?:\.\d+)?)"
"""A length of time in hours, minutes and seconds, perhaps with days, as clusters, Python and pandas write it."""


def lengths_of_time(connection: duckdb.DuckDBPyConnection, table: str, columns: Columns) -> list[str]:
    """Turn columns in which every cell is a length of time (`01:30:00`, `1 days 02:00:00`) into seconds; return them.

    Moments (`started`) are none, though they may look the same.
    """
    moments = (*NAMES["started"], *NAMES["ended"])
    names = {column: columns.sql(column) for column in columns if plain_name(column) not in moments}
    if not names:
        return []
    first = connection.execute(f"select {', '.join(names.values())} from {table} limit 10").fetchall()  # noqa: S608
    found = [column for column, seen in zip(names, zip(*first, strict=True), strict=False) if _may_be_lengths(seen)]
    tests = {
        column: f"coalesce(bool_and(regexp_full_match(trim({names[column]}), {literal(LENGTH)}) "
        f"or trim({names[column]}) = ''), false) and count(nullif(trim({names[column]}), '')) > 0"
        for column in found
    }
    if tests:
        row = connection.execute(f"select {', '.join(tests.values())} from {table}").fetchall()[0]  # noqa: S608
        found = [column for column, holds in zip(tests, row, strict=True) if holds]
    for column in found:
        parts = [
            f"nullif(regexp_extract(trim({names[column]}), {literal(LENGTH)}, {part}), '')" for part in (1, 2, 3, 4)
        ]
        days, hours, minutes, seconds = (f"coalesce({part}::double, 0)" for part in parts)
        length = f"{days} * 86400 + {hours} * 3600 + {minutes} * 60 + {seconds}"
        connection.execute(
            f"update {table} set {names[column]} = ({length})::varchar where trim({names[column]}) <> ''"  # noqa: S608
        )
    return found


def _may_be_lengths(cells: Sequence[object]) -> bool:
    """Whether nothing in a column's first cells says that it is none: asking DuckDB of thousands of columns is slow."""
    return all(re.fullmatch(LENGTH, str(cell).strip()) or not str(cell).strip() for cell in cells if cell is not None)


def decimal_commas(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Columns, among: Sequence[str]
) -> list[str]:
    """Return those of a relation's columns whose first cells are numbers with a decimal comma."""
    if not among:
        return []
    names = ", ".join(columns.sql(column) for column in among)
    rows = connection.execute(f"select {names} from {relation} limit 10").fetchall()  # noqa: S608
    cells = [[str(cell).strip() for cell in seen if cell is not None] for seen in zip(*rows, strict=True)]
    form = FORMS[0][0]
    return [column for column, seen in zip(among, cells, strict=False) if seen and all(map(form.fullmatch, seen))]


FORMS = (
    (re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?"), "a decimal comma", "--option decimal=,"),
    (re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+"), "points between thousands and a decimal comma",
     "--option decimal=, --option thousands=."),
    (re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"), "commas between thousands", "--option thousands=,"),
    (re.compile(r"[+-]?\d{1,3}([ '\u00a0]\d{3})+([.,]\d+)?"), "signs between thousands", "--option thousands=' '"),
    (re.compile(r"\d+:\d{2}(:\d{2}(\.\d+)?)?"), "a length of time", "write it in seconds, or everywhere as 00:30:00"),
    (re.compile(r"[+-]?[\d.,]+\s*(\u00b1|\+/-|\(|\+-).*"), "a mean and its spread", "write the mean alone"),
    (re.compile(r"-?1\.?#.*|#[A-Z0-9/]+[!?]"), "a spreadsheet's or a program's error", "leave the cell empty"),
    (re.compile(r"[+-]?[\d.,]+\s*%"), "a percent sign in some rows only", "write all of them so, or none"),
)  # fmt: skip
"""How a number may be written that is none here, what that is called, and what helps."""


def refusal_hint(problems: Iterable[Problem]) -> str:
    """Return what helps where refused numbers look like those of another place; empty where they do not."""
    values = [problem.value.strip() for problem in problems if "numb" in problem.reason]
    found = [
        f"{what} ({next(value for value in values if form.fullmatch(value))}): {option}"
        for form, what, option in FORMS
        if any(form.fullmatch(value) for value in values)
    ]
    if not found:
        return ""
    return f"These look like {listed(found, 2)}. Else correct them, or load the rest with --reject-to FILE."
