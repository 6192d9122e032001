"""Macros and views: static ones from `sql/`, and those generated from what the warehouse holds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from hashlib import sha256
from importlib.resources import files

import duckdb

from hpowh.warehouse import queries
from hpowh.warehouse.checks.seal import seal_views
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.names import identifier, literal, slug
from hpowh.warehouse.queries import grain_of


@dataclass(frozen=True)
class View:
    """One static view: its name in schema `mart`, what one row is, and its SELECT."""

    name: str
    grain: str
    select: str


@dataclass(frozen=True)
class Macro:
    """One definition that views and analyses share: its name in schema `mart`, what it is, parameters and body."""

    name: str
    meaning: str
    body: str


@cache
def macros() -> tuple[Macro, ...]:
    """Return the macros of `sql/macros`, by name."""
    found = []
    for entry in files("hpowh.sql").joinpath("macros").iterdir():
        if entry.name.endswith(".sql"):
            first, _, body = entry.read_text(encoding="utf-8").partition("\n")
            found.append(Macro(entry.name[:-4], first.removeprefix("--").strip(), body.strip().rstrip(";")))
    return tuple(sorted(found, key=lambda macro: macro.name))


@cache
def static_views() -> tuple[View, ...]:
    """Return the views of `sql/views` in dependency order.

    Raises:
        HpowhError: a file does not say what one row of its view is.
    """
    views: dict[str, View] = {}
    for entry in files("hpowh.sql").joinpath("views").iterdir():
        if entry.name.endswith(".sql"):
            text = entry.read_text(encoding="utf-8")
            grain = grain_of(text, f"sql/views/{entry.name}")
            select = text.partition("\n")[2].strip().rstrip(";")
            views[entry.name[:-4]] = View(entry.name[:-4], grain, select)
    # Lists, not sets: the order of a set of texts differs from process to process, and so would the fingerprint.
    needs = {
        name: sorted({other for other in re.findall(r"\bmart\.(\w+)", view.select) if other in views} - {name})
        for name, view in sorted(views.items())
    }
    return tuple(views[name] for name in TopologicalSorter(needs).static_order())


def views_fingerprint() -> str:
    """Return the hash of all macros and static view definitions of this program."""
    texts = [f"{macro.name}\n{macro.body}" for macro in macros()]
    texts += [f"{view.name}\n{view.grain}\n{view.select}" for view in static_views()]
    return sha256("\n".join(texts).encode()).hexdigest()


def views_are_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse's views are those of this program (a new version may bring others without a revision)."""
    try:
        stored = connection.execute("select fingerprint from ops.view_definition").fetchall()[0][0]
    except duckdb.CatalogException:
        return False
    return bool(stored == views_fingerprint())


def recreate_views(connection: duckdb.DuckDBPyConnection, *, is_new: bool = False) -> None:
    """Drop and create every macro and view in one transaction the caller holds, then read each view with `limit 0`.

    DuckDB lets a column vanish under a view; the read finds that now and not in a user's query.

    Args:
        is_new: the warehouse was made just now: there is nothing to drop, and no column can have vanished.

    Raises:
        HpowhError: a view cannot be made or read; names it and its file.
    """
    if not is_new:
        drop_views(connection)
    create_macros(connection)
    for view in static_views():
        _try(connection, f"create view mart.{view.name} as {view.select}", "mart", view.name)
        connection.execute(f"comment on view mart.{view.name} is {literal(view.grain)}")
    _generate_views(connection)
    connection.execute(
        f"create or replace view ops.view_definition as select {literal(views_fingerprint())} as fingerprint"
    )
    connection.execute("comment on view ops.view_definition is 'One row: which version of the views this is.'")
    seal_views(connection)
    if is_new:
        return
    for schema, name in connection.execute(
        "select schema_name, view_name from duckdb_views() where not internal and schema_name in ('mart', 'space')"
    ).fetchall():
        _try(connection, f"select * from {identifier(schema)}.{identifier(name)} limit 0", schema, name)


def _try(connection: duckdb.DuckDBPyConnection, statement: str, schema: str, name: str) -> None:
    """Run a statement about one view; what is wrong with the view's SQL is said with its name and its file."""
    try:
        connection.execute(statement)
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        is_static = schema == "mart" and name in {view.name for view in static_views()}
        where = f" (sql/views/{name}.sql)" if is_static else ""
        raise HpowhError(f"The view {schema}.{name}{where} cannot be made: {str(error).strip()}") from None


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros in schema `mart`, or replace them."""
    for macro in macros():
        connection.execute(f"create or replace macro mart.{macro.name}{macro.body}")


def drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop all views of the warehouse (a revision must not find any in its way)."""
    for schema, name in connection.execute(
        "select schema_name, view_name from duckdb_views() where not internal and schema_name in ('mart', 'space')"
    ).fetchall():
        connection.execute(f"drop view if exists {identifier(schema)}.{identifier(name)}")
    for name, kind in connection.execute(
        "select distinct function_name, function_type from duckdb_functions() where not internal "
        "and schema_name = 'mart'"
    ).fetchall():
        is_table = "table " if kind == "table_macro" else ""
        connection.execute(f"drop macro {is_table}if exists mart.{identifier(name)}")


def refresh_generated_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views whose columns depend on the data: `space.<name>` and `mart.observation`."""
    _generate_views(connection)
    seal_views(connection)


def _generate_views(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists space")
    for (name,) in connection.execute(
        "select view_name from duckdb_views() where not internal and schema_name = 'space'"
    ).fetchall():
        connection.execute(f"drop view space.{identifier(name)}")
    for space_id, name, view in space_views(connection):
        connection.execute(f"create view space.{identifier(view)} as {space_view(connection, space_id)}")
        grain = f"One row per evaluation in the search space {name}, with its hyperparameters as named, typed columns."
        grain += "".join(f" {note}" for note in renamed(_hyperparameters(connection, space_id), SPACE_COLUMNS, "hp_"))
        connection.execute(f"comment on view space.{identifier(view)} is {literal(grain)}")
    connection.execute(f"create or replace view mart.observation as {observation_view(connection)}")
    grain = "One row per point of a trace, with names, run factors and meta-features as columns."
    connection.execute(f"comment on view mart.observation is {literal(grain)}")


def space_views(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str]]:
    """Return (search_space_id, name, name of its view in schema `space`), in the order in which they came.

    Names that differ only in what SQL needs quotes for (`my grid`, `my-grid`) are told apart by a number, from the
    second on.
    """
    spaces = connection.execute(
        "select search_space_id, name from core.search_space order by search_space_id"
    ).fetchall()
    found, used = [], set[str]()
    for space_id, name in spaces:
        view, count = slug(name), 2
        while view in used:
            view, count = f"{slug(name)}_{count}", count + 1
        used.add(view)
        found.append((space_id, name, view))
    return found


def column_names(names: Sequence[str], taken: Sequence[str], prefix: str) -> dict[str, str]:
    """Return the column of a view for each name: SQL does not tell `lr` from `LR`, so the second has a suffix.

    A name that the view's own columns have gets the prefix; none of theirs is ever hidden.
    """
    used = {column.lower() for column in taken}
    found: dict[str, str] = {}
    for name in names:
        column = f"{prefix}{name}" if name.lower() in used and name.lower() not in map(str.lower, found) else name
        count = 2
        while column.lower() in used:
            column, count = f"{name}_{count}", count + 1
        used.add(column.lower())
        found[name] = column
    return found


def renamed(names: Sequence[str], taken: Sequence[str], prefix: str) -> list[str]:
    """Return a sentence for each name that has another one as a column of a view."""
    return [
        f"{name!r} is the column {column}."
        for name, column in column_names(names, taken, prefix).items()
        if name != column
    ]


def _hyperparameters(connection: duckdb.DuckDBPyConnection, space_id: int) -> list[str]:
    rows = connection.execute(
        "select name from core.hyperparameter where search_space_id = ? order by position", [space_id]
    ).fetchall()
    return [row[0] for row in rows]


SPACE_COLUMNS = (
    "configuration_id",
    "benchmark",
    "metric",
    "split",
    "fidelity",
    "seed",
    "fold",
    "value",
    "cost",
    "status",
)


def space_view(connection: duckdb.DuckDBPyConnection, space_id: int) -> str:
    """Return the SELECT of the view `space.<name>`: levels decoded from the mixed-radix rank into typed columns.

    A conditional hyperparameter is NULL where it is inactive.
    """
    columns = []
    names = column_names(_hyperparameters(connection, space_id), SPACE_COLUMNS, "hp_")
    needs: dict[int, list[str]] = {}
    for position, stride, cardinality, levels in connection.execute(
        "select position, parent_stride, parent_cardinality, levels from mart.condition where search_space_id = ?",
        [space_id],
    ).fetchall():
        listed = ", ".join(str(int(level)) for level in levels)
        needs.setdefault(position, []).append(
            f"(e.configuration_id // {int(stride)}) % {int(cardinality)} in ({listed})"
        )
    for position, name, value_type, cardinality, stride in connection.execute(
        queries.text("search_space/positions"), {"number": space_id}
    ).fetchall():
        field = "label" if value_type in ("text", "bool") else "numeric_value"
        levels = connection.execute(
            f"select list({field} order by level) from core.hyperparameter_level "
            "where search_space_id = ? and position = ?",
            [space_id, position],
        ).fetchall()[0][0]
        sql_type = {"int": "bigint", "float": "double", "bool": "boolean", "text": "varchar"}[value_type]
        values = ", ".join(_level(level) for level in levels or ())
        decoded = f"cast([{values}][(e.configuration_id // {int(stride)}) % {int(cardinality)} + 1] as {sql_type})"
        if position in needs:
            decoded = f"case when {' and '.join(needs[position])} then {decoded} end"
        columns.append(f"{decoded} as {identifier(names[name])}")
    hyperparameters = "".join(f",\n  {column}" for column in columns)
    return f"""select
  e.configuration_id{hyperparameters},
  b.name as benchmark, m.name as metric, e.split, e.fidelity, e.seed, e.fold, e.value, e.cost, e.status
from core.evaluation as e
join core.benchmark as b using (benchmark_id)
join core.metric as m using (metric_id)
where e.search_space_id = {int(space_id)}"""


def _level(level: str | float | None) -> str:
    """Return SQL of a level: an infinite number has no digits."""
    if isinstance(level, float) and not math.isfinite(level):
        return f"cast({literal(repr(level))} as double)"
    return literal(level) if isinstance(level, str) else "null" if level is None else repr(level)


OBSERVATION_COLUMNS = ("experiment", "algorithm", "benchmark", "seed", "metric", "budget", "value", "status", "run_id")


def observation_view(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the SELECT of `mart.observation`: run factors and meta-features pivoted into columns."""
    joins, columns, taken = [], [], list(OBSERVATION_COLUMNS)
    for prefix, table, entity in (("f", "run_factor", "run_id"), ("m", "benchmark_feature", "benchmark_id")):
        picks = []
        found = connection.execute(
            f"select name, bool_and(numeric_value is not null) from core.{table} group by name order by name"
        ).fetchall()
        names = column_names([name for name, _ in found], taken, "factor_" if prefix == "f" else "feature_")
        taken += names.values()
        for name, is_numeric in found:
            column = names[name]
            field = "numeric_value" if is_numeric else "text_value"
            picks.append(f"max({field}) filter (where name = {literal(name)}) as {identifier(column)}")
            columns.append(f"{prefix}.{identifier(column)}")
        if picks:
            joins.append(
                f"left join (select {entity}, {', '.join(picks)} from core.{table} group by {entity}) as {prefix} "
                f"on {prefix}.{entity} = r.{entity}"
            )
    extra = "".join(f", {column}" for column in columns)
    return f"""select
  x.name as experiment, a.name as algorithm, b.name as benchmark, r.seed, mt.name as metric,
  t.budget, t.value, t.status, t.run_id{extra}
from core.trace as t
join core.run as r on r.run_id = t.run_id
join core.experiment as x on x.experiment_id = r.experiment_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
join core.benchmark as b on b.benchmark_id = r.benchmark_id
join core.metric as mt on mt.metric_id = t.metric_id
{chr(10).join(joins)}"""
