"""Named SQL: queries that anyone may run (`sql/queries/<family>/<name>.sql`), and statements of loaders and ledgers.

A statement of `sql/statements/` writes, or reads what its caller has laid out for it in tables of the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import HpowhError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

GRAIN = "-- One row per "
"""How the first line of every view and query begins."""


@dataclass(frozen=True)
class NamedQuery:
    """One query: `<family>/<name>`, what one row of it is, and its text with that sentence as the first line."""

    name: str
    grain: str
    text: str


def text(name: str) -> str:
    """Return the SQL of a query by its name (`sweep/matters`), its grain as a comment in the first line.

    Raises:
        HpowhError: there is no query of that name, or its file does not say what one row is.
    """
    return find(name).text


@cache
def statement(name: str) -> str:
    """Return the SQL of a statement that writes, or reads tables of the session, by its name (`sweeps/traces`).

    Raises:
        HpowhError: there is no statement of that name, or its file does not say what one row is.
    """
    return _read("statements", name).text


@cache
def find(name: str) -> NamedQuery:
    """Return a query by its name.

    Raises:
        HpowhError: see `text`.
    """
    return _read("queries", name)


def names(kind: str = "queries") -> list[str]:
    """Return the names of all queries (or `statements`), sorted."""
    return sorted(
        f"{family.name}/{entry.name.removesuffix('.sql')}"
        for family in _folder(kind).iterdir()
        if family.is_dir()
        for entry in family.iterdir()
        if entry.name.endswith(".sql")
    )


def catalogue() -> dict[str, list[str]]:
    """Return the columns of the list of all queries: name, parameters, what one row is."""
    from hpowh.warehouse.parameters import parameters_of

    found = [find(name) for name in names()]
    return {
        "query": [one.name for one in found],
        "parameters": [" ".join(f"${name}" for name in parameters_of(one.text)) for one in found],
        "one_row_is": [one.grain for one in found],
    }


def grain_of(sql: str, file: str) -> str:
    """Return the sentence that says what one row is: the first line, without the dashes.

    Raises:
        HpowhError: the text does not begin with it.
    """
    first = sql.partition("\n")[0]
    if not first.startswith(GRAIN):
        raise HpowhError(
            f"{file} does not say what one row is.",
            f"Begin its first line with `{GRAIN.rstrip()}`, then what a row is.",
        )
    return first.removeprefix("--").strip()


def _read(kind: str, name: str) -> NamedQuery:
    family, slash, own = name.partition("/")
    entry = _folder(kind).joinpath(family, f"{own}.sql")
    if not (slash and family.isidentifier() and own.isidentifier() and entry.is_file()):
        one = "query" if kind == "queries" else "statement"
        raise HpowhError(f"There is no {one} {name}.", "`hpowh sql --queries` lists the queries that there are.")
    sql = entry.read_text(encoding="utf-8").strip()
    return NamedQuery(name, grain_of(sql, f"sql/{kind}/{name}.sql"), sql)


def _folder(kind: str) -> Traversable:
    return files("hpowh.sql").joinpath(kind)
