"""Which columns only count the rows: an index of the table, not data. One rule for all sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse.sources.tables.numbers import is_whole_type, whole

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.tables.staging import Staged

NAME = re.compile(r"unnamed: \d+(\.\d+)?|unnamed: \d+_level_\d+|index|level_\d+|__index_level_\d+__")
"""What pandas calls an index that it wrote; a heading that is empty is `Unnamed: N`, too."""
FEWEST = 10
"""So many rows a column without such a name must count before it is taken for an index."""
FIRST = 2_000
"""So many rows are looked at first: what repeats a value there counts nothing."""
READABLE = ("VARCHAR", "DOUBLE", "FLOAT")
WHY = "an index, not data"


def index_columns(connection: duckdb.DuckDBPyConnection, staged: Staged, among: Iterable[str]) -> list[str]:
    """Return those of the columns that are an index.

    That is a column with an index's name that holds whole numbers only, and any that counts the rows: 0, 1, 2, … or
    1, 2, 3, …, each once, in whatever order.
    """
    columns = [c for c in among if staged.columns[c] in READABLE or is_whole_type(staged.columns[c])]
    value = {column: whole(staged.columns.sql(column), staged.columns[column]) for column in columns}
    empty = {column: f"coalesce(trim({staged.columns.sql(column)}::varchar), '') = ''" for column in columns}
    named = [column for column in columns if NAME.fullmatch(column.strip().lower())]
    found = _where_all(connection, staged.relation, {c: f"{value[c]} is not null or {empty[c]}" for c in named})
    rest = _may_count(connection, staged, [column for column in columns if column not in found])
    once = {c: f"count(*) >= {FEWEST} and count(distinct {value[c]}) = count(*)" for c in rest}
    rest = _that(connection, f"(select * from {staged.relation} limit {FIRST})", once)  # noqa: S608
    span = {c: f" and min({value[c]}) in (0, 1) and max({value[c]}) - min({value[c]}) = count(*) - 1" for c in rest}
    rest = _that(connection, staged.relation, {c: once[c] + span[c] for c in rest})
    return [column for column in columns if column in found or column in rest]


def _may_count(connection: duckdb.DuckDBPyConnection, staged: Staged, columns: list[str]) -> list[str]:
    """Return the columns that hold another whole number in each of the first rows: cheap for thousands of columns."""
    if not columns:
        return []
    names = ", ".join(staged.columns.sql(column) for column in columns)
    rows = connection.execute(f"select {names} from {staged.relation} limit {FEWEST}").fetchall()  # noqa: S608
    cells = list(zip(*rows, strict=True))
    return [column for column, seen in zip(columns, cells, strict=True) if _are_different(seen)] if cells else []


def _are_different(cells: Sequence[object]) -> bool:
    try:
        numbers = {float(str(cell)) for cell in cells}
    except ValueError:
        return False
    return len(numbers) == len(cells) and all(number.is_integer() for number in numbers)


def counts_rows(name: str, values: Sequence[int | None], rows: int) -> bool:
    """Return the same of values that were read already: whole numbers (None: a cell that is none; empty cells absent).

    Args:
        rows: how many rows the table has.
    """
    if None in values:
        return False
    if NAME.fullmatch(name.strip().lower()):
        return True
    whole_numbers = {value for value in values if value is not None}
    if rows < FEWEST or len(values) < rows or len(whole_numbers) < rows:
        return False
    return min(whole_numbers) in (0, 1) and max(whole_numbers) - min(whole_numbers) == rows - 1


def _where_all(connection: duckdb.DuckDBPyConnection, relation: str, tests: dict[str, str]) -> list[str]:
    return _that(connection, relation, {key: f"coalesce(bool_and({test}), true)" for key, test in tests.items()})


def _that(connection: duckdb.DuckDBPyConnection, relation: str, tests: dict[str, str]) -> list[str]:
    """Return the keys whose aggregate over the relation is true."""
    if not tests:
        return []
    row = connection.execute(f"select {', '.join(tests.values())} from {relation}").fetchall()[0]  # noqa: S608
    return [key for key, holds in zip(tests, row, strict=True) if holds]
