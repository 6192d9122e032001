"""A file's rows in a temporary table, in their order, and what is known of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse.ingest.protocol import Problem

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.tables.columns import Columns

ROW = "hpowh_row"
"""Name of the position column in a staged relation; row 1 is the first below the header."""


@dataclass(kw_only=True)
class Staged:
    """A file as a relation that can be read several times."""

    relation: str
    """SQL of the relation without positions: as fast to scan as the file allows."""
    positioned: str
    """SQL of the same with the column `ROW`."""
    columns: Columns
    """Column -> DuckDB type; in the relations a column has the SQL name `columns.sql(column)`."""
    problems: list[Problem] = field(default_factory=list)
    """Rows that the format itself refuses: too few or too many fields, wrong encoding."""
    notes: list[str] = field(default_factory=list)
    """What was understood of the way in which the file is written, in sentences."""
    percents: list[str] = field(default_factory=list)
    """Columns whose numbers were written with percent signs."""
    numbers: dict[str, str] = field(default_factory=dict)
    """Column of texts -> SQL name of the column beside it that holds its cells as doubles, read once."""
    only_numbers: set[str] = field(default_factory=set)
    """Those of them in which every cell is a number."""
    _lost: list[int] = field(default_factory=list)

    def true_row(self, position: int) -> int:
        """Return the row in the file of the good row at `position` (1-based): refused rows before it count too."""
        row = position
        while (shifted := position + bisect_right(self._lost, row)) != row:
            row = shifted
        return row


def materialise(
    connection: duckdb.DuckDBPyConnection, scan: str, columns: Columns, rejected: str | None = None, above: int = 0
) -> Staged:
    _stage_in_order(connection, scan)
    lost, problems = list[int](), list[Problem]()
    if rejected:
        names = {columns.sql(column): column for column in columns}
        for line, column, kind, text in connection.execute(rejected).fetchall():
            row = line - above - 1
            if not lost or lost[-1] != row:
                lost.append(row)
                where = names.get(column, "(whole row)")
                problems.append(Problem(row, where, (text or "").strip()[:80], REJECTS.get(kind, kind)))
    first = connection.execute("select coalesce(min(rowid), 0) from hpowh_staged").fetchall()[0][0]
    positioned = f"(select *, rowid - {first} + 1 as {ROW} from hpowh_staged)"  # noqa: S608
    staged = Staged(relation="hpowh_staged", positioned=positioned, columns=columns, problems=problems)
    staged._lost = lost
    return staged


def only_numbers(connection: duckdb.DuckDBPyConnection, numbers: Mapping[str, str]) -> set[str]:
    """Return the columns in which every cell is a number."""
    if not numbers:
        return set()
    counts = ", ".join(f"count({name}) = count(*)" for name in numbers.values())
    row = connection.execute(f"select {counts} from hpowh_staged").fetchall()[0]  # noqa: S608
    return {column for column, holds in zip(numbers, row, strict=True) if holds}


def _stage_in_order(connection: duckdb.DuckDBPyConnection, scan: str) -> None:
    """Fill the temporary table `hpowh_staged`, so that its `rowid` counts the rows of the file in their order.

    All threads read; a window that numbered the rows would leave one of them to do it.
    """
    kept = connection.execute("select current_setting('preserve_insertion_order')").fetchall()[0][0]
    connection.execute("set preserve_insertion_order = true")
    connection.execute(f"create or replace temp table hpowh_staged as select * from {scan}")  # noqa: S608
    connection.execute(f"set preserve_insertion_order = {kept}")


REJECTS = {
    "MISSING COLUMNS": "the row has fewer fields than the header",
    "TOO MANY COLUMNS": "the row has more fields than the header",
    "INVALID ENCODING": "the text is not UTF-8; give its encoding, e.g. --encoding latin-1",
    "UNQUOTED VALUE": "a quote is not closed",
    "LINE SIZE OVER MAXIMUM": "the row is longer than 16 MiB",
}
