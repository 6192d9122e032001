"""The columns of a staged file: named as in the file, read by their place; what a Parquet file says of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.names import identifier

if TYPE_CHECKING:
    import duckdb


class Columns(dict[str, str]):
    """Column, as the file names it -> DuckDB type, in the order of the file.

    SQL knows no difference between `lr` and `LR`, and readers make up names where two clash. So every column has a
    name of its own in SQL, made from its place.
    """

    def __init__(self, columns: Iterable[tuple[str, str]]) -> None:
        listed = list(columns)
        super().__init__(listed)
        if len(self) < len(listed):  # a name that two columns share would move the cells of all that follow
            raise ValueError(f"two of the columns {[name for name, _ in listed]} have one name")
        self._places = {name: f"c{place}" for place, name in enumerate(self)}

    def sql(self, column: str) -> str:
        """Return the SQL name of a column."""
        return self._places[column]

    def listed(self) -> str:
        """Return the SQL names of all columns, joined by commas."""
        return ", ".join(self._places.values())


def unnamed(names: Iterable[str]) -> list[str]:
    """Return a header in which columns without a name are called as in pandas: `Unnamed: 0` is the first column.

    Where another column has that name (a table that was saved, read and saved again), it is `Unnamed: 0.1`.
    """
    header = list(names)
    taken = set(header)
    for place, name in enumerate(header):
        if not name:
            plain = f"Unnamed: {place}"
            made = chain([plain], (f"{plain}.{number}" for number in count(1)))
            header[place] = next(name for name in made if name not in taken)
            taken.add(header[place])
    return header


def by_place(names: Iterable[str]) -> str:
    """Return SQL that gives columns, known by these names, their names by place."""
    return ", ".join(f"{identifier(name)} as c{place}" for place, name in enumerate(names))


DIVISORS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Unit of a length of time -> how many of it are a second."""


def parquet_names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Return the names of a file's columns as written; DuckDB's reader renames those that differ in case only.

    The schema lists a tree, parents before children; what is within a column is no column.
    """
    listed = connection.execute("select name, num_children from parquet_schema($1)", [str(path)]).fetchall()
    found, within = list[str](), 0
    for name, children in listed[1:]:
        if within == 0:
            found.append(name)
        within += (children or 0) - (1 if within else 0)
    return found


def parquet_lengths(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[int, int]:
    """Return place of a column -> divisor that makes seconds of it.

    Only Arrow's own schema, where the file has one, tells a length of time from a whole number; what reads it takes a
    tenth of a second to load.

    Raises:
        IngestError: that schema cannot be read.
    """
    query = "select 1 from parquet_kv_metadata($1) where key = 'ARROW:schema'::blob"
    if not connection.execute(query, [str(path)]).fetchall():
        return {}
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        types = pq.read_schema(path).types
    except (pa.ArrowException, OSError) as error:
        first = str(error).split("\n", maxsplit=1)[0].strip().rstrip(".")
        raise IngestError(f"{path} cannot be read: {first}.", "Is it complete?") from None
    return {place: DIVISORS[str(kind.unit)] for place, kind in enumerate(types) if pa.types.is_duration(kind)}
