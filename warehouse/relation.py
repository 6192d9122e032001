"""The rows of one query, as whichever kind of table the caller works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.rows import SIMPLE, Rows

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow

BATCH = 122_880
"""Rows that are handed over at once. For each column DuckDB reserves the memory of so many: of a million, by itself."""


class Relation:
    """The result of a query; read it once, in one of the forms below."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        running: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Take over a query that was run.

        Args:
            running: entered while rows are fetched; DuckDB may compute some of them only then.
        """
        self._cursor, self._running = cursor, running
        self.columns: list[str] = [column[0] for column in cursor.description or []]

    def pl(self) -> polars.DataFrame:
        """Return the rows as a Polars data frame."""
        with self._running():
            return self._cursor.pl(BATCH)

    def arrow(self) -> pyarrow.Table:
        """Return the rows as an Arrow table."""
        with self._running():
            return self._cursor.to_arrow_table(BATCH)

    def df(self) -> pandas.DataFrame:
        """Return the rows as a pandas data frame. Raises ModuleNotFoundError where pandas is not installed."""
        import_module("pandas")  # by name: of itself no query takes it to be there (see `accidental`)
        with self._running():
            return self._cursor.df()

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows as tuples."""
        with self._running():
            return self._cursor.fetchall()

    def dicts(self) -> list[dict[str, Any]]:
        """Return each row by the names of its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows()]

    def held(self) -> Rows:
        """Return the rows with their types, of which a data frame can be made later."""
        types = [str(column[1]) for column in self._cursor.description or []]
        if SIMPLE.issuperset(types):
            return Rows(self.columns, self.rows(), types)
        frame = self.pl()
        return Rows(frame.columns, frame.rows())

    def head(self, most: int | None) -> list[tuple[Any, ...]]:
        """Return at most `most` rows as tuples; all of them for None."""
        with self._running():
            return self._cursor.fetchall() if most is None else self._cursor.fetchmany(most)

    def chunks(self, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in lists of up to `size`, so that a large result need not fit into memory as tuples."""
        while rows := self.head(size):
            yield rows

    def numpy(self) -> dict[str, Any]:
        """Return the columns as NumPy arrays (masked where a column has NULLs)."""
        with self._running():
            return self._cursor.fetchnumpy()

    def one(self) -> Any:
        """Return the first value of the first row, or None where there is no row."""
        with self._running():
            row = self._cursor.fetchone()
        return row[0] if row else None
