"""The columns of a staged file: named as in the file, read by their place."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count

from hpowh.warehouse.names import identifier


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
