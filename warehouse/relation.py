"""The rows of one query, as whichever kind of table the caller works with."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow

BATCH = 122_880
"""Rows that are handed over at once. For each column DuckDB reserves the memory of so many: of a million, by itself."""


@dataclass(frozen=True)
class Rows:
    """Columns and rows in plain Python, for what is printed and stored.

    Data frames take longer to import than such rows to fill.
    """

    columns: list[str]
    values: Sequence[tuple[Any, ...]]
    types: Sequence[str] | None = None
    """DuckDB's name of each column's type; None where the values alone say it."""

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Rows:
        """Return rows with every column that any of them has, in the order in which they come; None where it lacks."""
        columns = list(dict.fromkeys(chain.from_iterable(rows)))
        if len(columns) > 1 and all(len(row) == len(columns) for row in rows):
            return cls(columns, list(map(itemgetter(*columns), rows)))
        return cls(columns, [tuple(row.get(name) for name in columns) for row in rows])

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.values)

    def dicts(self) -> list[dict[str, Any]]:
        """Return each row by the names of its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]

    def chosen(self, columns: Sequence[str], most: int) -> list[tuple[Any, ...]]:
        """Return some columns of the first rows."""
        places = [self.columns.index(name) for name in columns]
        return [tuple(row[place] for place in places) for row in self.values[:most]]

    def pl(self) -> polars.DataFrame:
        """Return a Polars data frame; its types are those of the database where these are known."""
        import polars as pl

        if self.types is None:
            return pl.DataFrame(self.dicts(), infer_schema_length=None)
        known = {"BIGINT": pl.Int64, "INTEGER": pl.Int32, "DOUBLE": pl.Float64, "VARCHAR": pl.String}
        known["BOOLEAN"] = pl.Boolean
        schema = {name: known[kind] for name, kind in zip(self.columns, self.types, strict=True)}
        return pl.DataFrame(list(self.values), schema=schema, orient="row")

    def to_arrow(self) -> pyarrow.Table:
        """Return an Arrow table."""
        return self.pl().to_arrow()


SIMPLE = frozenset({"BIGINT", "INTEGER", "DOUBLE", "VARCHAR", "BOOLEAN"})
"""The types whose values are the same in plain Python as in a data frame."""


class Tables(Mapping[str, "polars.DataFrame"]):
    """Tables by name, as Polars data frames; each is made of its rows when it is first taken."""

    def __init__(self, rows: Mapping[str, Rows]) -> None:
        self._rows, self._frames = dict(rows), dict[str, "polars.DataFrame"]()

    def __getitem__(self, name: str) -> polars.DataFrame:
        if name not in self._frames:
            self._frames[name] = self._rows[name].pl()
        return self._frames[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, name: str) -> Rows:
        """Return a table's rows. Raises KeyError where there is none of that name."""
        return self._rows[name]


def rows_of(tables: Mapping[str, Any], name: str) -> Rows:
    """Return the rows of one of some tables, whichever way these are held."""
    if isinstance(tables, Tables):
        return tables.rows(name)
    frame = tables[name]
    return Rows(frame.columns, frame.rows())


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
        if not hasattr(self._cursor, "pl"):  # DuckDB 2
            import polars

            frame = polars.from_arrow(self.arrow())
            assert isinstance(frame, polars.DataFrame)
            return frame
        with self._running():
            return self._cursor.pl(BATCH)

    def arrow(self) -> pyarrow.Table:
        """Return the rows as an Arrow table."""
        with self._running():
            if hasattr(self._cursor, "pl"):
                return self._cursor.to_arrow_table(BATCH)
            with warnings.catch_warnings():  # DuckDB 2 copies the rows once more, and says so
                warnings.simplefilter("ignore", UserWarning)
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
