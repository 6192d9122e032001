"""Whether views and macros say what this program's do: one that was replaced answers other questions under its name.

The catalogue writes a definition in its own words, in others before and after a restart; so both texts, its and the
program's, are parsed and written anew before they are compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.names import literal
from hpowh.warehouse.views import (
    create_macros,
    observation_view,
    space_view,
    space_views,
    static_views,
    views_are_current,
)

if TYPE_CHECKING:
    import duckdb

_HEAD = re.compile(r"create\s+view\s+.*?\s+as\s+", re.I | re.S)
_UNORDERED = re.compile(r"(?<=EXCLUDE \()[^()]*(?=\))")
"""A list whose order the catalogue does not keep."""
_LAMBDA = re.compile(r'\(lambda ((?:"[^"]*"|\w+)(?:, (?:"[^"]*"|\w+))*): ')
_EXPONENT = re.compile(r"(?<=\d)e([+-]?)0+(?=\d)", re.I)
"""Noughts before an exponent, which DuckDB writes before 2.0 (`1e-09`) and not since."""


def changed_definitions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the views and macros whose definitions are not this program's; none where they are of another version.

    What is gone is told by the seals. What somebody added is not looked at.

    Raises:
        duckdb.Error: the file is damaged, or a table that definitions depend on is gone.
    """
    if not views_are_current(connection):
        return []
    return sorted([*_changed_views(connection), *_changed_macros(connection)])


def _changed_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    there = {
        name: _HEAD.sub("", text, count=1).rstrip().rstrip(";")
        for name, text in connection.execute(
            "select schema_name || '.' || view_name, sql from duckdb_views() where not internal"
        ).fetchall()
    }
    meant = {f"mart.{view.name}": view.select for view in static_views()}
    meant["mart.observation"] = observation_view(connection)
    meant |= {f"space.{view}": space_view(connection, number) for number, _, view in space_views(connection)}
    shared = sorted(set(there) & set(meant))
    return _different(connection, {name: there[name] for name in shared}, {name: meant[name] for name in shared})


def _changed_macros(connection: duckdb.DuckDBPyConnection) -> list[str]:
    import duckdb

    asked = queries.text("catalogue/macros")
    with duckdb.connect() as own:
        own.execute("create schema mart")
        create_macros(own)
        meant = {name: (given, text, kind) for name, given, text, kind in own.execute(asked).fetchall()}
    there = {name: (given, text, kind) for name, given, text, kind in connection.execute(asked).fetchall()}
    unlike = [name for name in meant if name not in there or there[name][::2] != meant[name][::2]]
    rest = sorted(set(meant) - set(unlike))
    texts = [{name: _query(*found[name][1:]) for name in rest} for found in (there, meant)]
    return unlike + _different(connection, *texts)


def _query(definition: str, is_table: bool) -> str:
    return definition.rstrip().rstrip(";") if is_table else f"select {definition}"


def _different(connection: duckdb.DuckDBPyConnection, there: Mapping[str, str], meant: Mapping[str, str]) -> list[str]:
    """Return the names whose two queries differ once DuckDB has written both anew."""
    if not there:
        return []
    listed = ", ".join(f"({literal(name)}, {literal(there[name])}, {literal(meant[name])})" for name in there)
    rows = connection.execute(
        "select name, json_deserialize_sql(json_serialize_sql(a)), json_deserialize_sql(json_serialize_sql(b)) "
        f"from (values {listed}) as t(name, a, b)"
    ).fetchall()
    return [name for name, one, other in rows if _plain(one) != _plain(other)]


def _plain(text: str) -> str:
    """Return a text whose unordered lists are sorted, and whose lambdas and exponents are written in one way."""
    text = _UNORDERED.sub(lambda found: ", ".join(sorted(found[0].split(", "))), text)
    return _EXPONENT.sub(r"e\1", _LAMBDA.sub(r"(\1 -> ", text))
