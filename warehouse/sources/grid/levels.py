"""The levels of a grid's hyperparameters: from the warehouse, as declared, or as found in the file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.dimensions import Hyperparameter
from hpowh.warehouse.names import identifier

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request
    from hpowh.warehouse.sources.grid.plan import Plan


def resolve(connection: duckdb.DuckDBPyConnection, plan: Plan, relation: str, request: Request) -> list[Hyperparameter]:
    """Return the space that a file belongs to: the known one of that name, or the declared and the file's own levels.

    Raises:
        IngestError: the file's hyperparameters are not those of the known space, or lack a declared one.
    """
    space = from_warehouse(connection, plan.space)
    if space is None:
        return planned(connection, plan, relation, request)
    wanted, found = {h.name for h in space}, set(plan.hyperparameters)
    if wanted != found:
        missing = ", ".join(sorted(wanted - found)) or "none"
        extra = ", ".join(sorted(found - wanted)) or "none"
        raise IngestError(
            f"{request.location}: its hyperparameters are not those of the search space {plan.space!r} "
            f"(missing: {missing}; not in the space: {extra}).",
            "Give another --space, or say what a column is: --map COLUMN=metric|ignore|…",
        )
    return space


def planned(connection: duckdb.DuckDBPyConnection, plan: Plan, relation: str, request: Request) -> list[Hyperparameter]:
    """Return the space that a file would make: declared levels where there are any, else those found in the file.

    The order of the hyperparameters is the declaration's where it names all of them, else the file's.

    Raises:
        IngestError: levels of something are declared that is no hyperparameter in the file.
        UsageError: the declaration cannot be read.
    """
    declared = {h.name: h for h in from_declaration(request.options.get("levels") or {}, plan)}
    extra = [name for name in declared if name not in plan.hyperparameters]
    if extra:
        raise IngestError(
            f"{request.location}: levels of {extra[0]!r} are declared, which is no hyperparameter in the file "
            f"(these are: {', '.join(plan.hyperparameters)}).",
            "Correct `levels` in hpowh.toml, or say what a column is: --map COLUMN=hyperparameter",
        )
    if len(declared) == len(plan.hyperparameters):
        return list(declared.values())
    found = {h.name: h for h in from_data(connection, plan, relation, but=declared)}
    return [declared.get(name) or found[name] for name in plan.hyperparameters]


def order_notes(space: Sequence[Hyperparameter], request: Request) -> list[str]:
    """Return a sentence for each ordinal text whose order nobody gave: the alphabet's is seldom meant."""
    declared = request.options.get("levels") or {}
    return [
        f"The order of {h.name!r} is the alphabet's: {shown(h)} (give another one as `levels` in hpowh.toml)."
        for h in space
        if h.kind == "ordinal" and h.value_type == "text" and h.name not in declared
    ]


def from_warehouse(connection: duckdb.DuckDBPyConnection, name: str) -> list[Hyperparameter] | None:
    """Return the known search space of this name, or None."""
    rows = connection.execute(
        """
        select h.name, h.kind, h.value_type, h.scale, list(l.numeric_value order by l.level),
          list(l.label order by l.level)
        from core.hyperparameter as h
        join core.search_space as s using (search_space_id)
        join core.hyperparameter_level as l using (search_space_id, position)
        where s.name = ? group by all order by any_value(h.position)
        """,
        [name],
    ).fetchall()
    if not rows:
        return None
    return [
        Hyperparameter(name, kind, value_type, _typed(value_type, numbers, labels), scale)
        for name, kind, value_type, scale, numbers, labels in rows
    ]


def _typed(value_type: str, numbers: Sequence[float], labels: Sequence[str]) -> tuple[Any, ...]:
    if value_type == "int":
        return tuple(int(number) for number in numbers)
    if value_type == "float":
        return tuple(numbers)
    if value_type == "bool":
        return tuple(label == "True" for label in labels)
    return tuple(labels)


def from_declaration(declared: Mapping[str, Sequence[Any]], plan: Plan) -> list[Hyperparameter]:
    """Return the space as declared under `levels` in `hpowh.toml`.

    Raises:
        UsageError: they are no table of lists, or a list of levels is empty or repeats one.
    """
    if not isinstance(declared, Mapping) or any(isinstance(levels, str) for levels in declared.values()):
        raise UsageError(
            "Levels are declared in hpowh.toml, as lists by hyperparameter.",
            'In the source\'s table there: levels = { size = ["small", "large"] }',
        )
    space = []
    for name, levels in declared.items():
        if not levels or len(set(levels)) != len(levels):
            raise UsageError(f"The declared levels of {name!r} are empty or repeat one.", "Name each level once.")
        if all(isinstance(level, bool) for level in levels):
            value_type = "bool"
        elif all(isinstance(level, int) and not isinstance(level, bool) for level in levels):
            value_type = "int"
        elif all(isinstance(level, int | float) for level in levels):
            value_type = "float"
        else:
            value_type = "text"
        typed = tuple(float(level) if value_type == "float" else level for level in levels)
        if value_type == "text":
            typed = tuple(str(level) for level in levels)
        space.append(_hyperparameter(name, value_type, typed, plan))
    return space


def from_data(
    connection: duckdb.DuckDBPyConnection, plan: Plan, relation: str, but: Collection[str] = ()
) -> list[Hyperparameter]:
    """Return the hyperparameters that a file spans: numbers in order, texts in alphabetical order; without `but`."""
    space = []
    for name in (name for name in plan.hyperparameters if name not in but):
        column = identifier(name)
        is_bool, is_number, is_whole = connection.execute(
            f"select coalesce(bool_and(lower({column}::varchar) in ('true', 'false')), false), "
            f"coalesce(bool_and(try_cast({column}::varchar as double) is not null), false), "
            f"coalesce(bool_and(try_cast({column}::varchar as double) = trunc(try_cast({column}::varchar as double))),"
            f" false) from (select distinct {column} from {relation} where {column} is not null)"
        ).fetchall()[0]
        value_type = "bool" if is_bool else "int" if is_number and is_whole else "float" if is_number else "text"
        sql_type = {"bool": "boolean", "int": "double", "float": "double", "text": "varchar"}[value_type]
        rows = connection.execute(
            f"select distinct try_cast({column} as {sql_type}) as v from {relation} where {column} is not null "
            "order by v"
        ).fetchall()
        if not rows:
            raise IngestError(f"The hyperparameter {name!r} is empty in every row.", f"--map {name}=ignore")
        levels = tuple(int(row[0]) if value_type == "int" else row[0] for row in rows)
        space.append(_hyperparameter(name, value_type, levels, plan))
    return space


def _hyperparameter(name: str, value_type: str, levels: tuple[Any, ...], plan: Plan) -> Hyperparameter:
    """Numbers are ordinal and text is categorical, unless the mapping says otherwise."""
    said = plan.roles[name].argument if name in plan.roles else None
    if said not in (None, "ordinal", "categorical", "log"):
        raise UsageError(f"--map {name}=hyperparameter:{said}: not understood.", "Say ordinal, categorical or log.")
    kind = "ordinal" if value_type in ("int", "float") else "categorical"
    if said in ("ordinal", "categorical"):
        kind = said
    scale = "log" if said == "log" or (value_type in ("int", "float") and is_geometric(levels)) else "linear"
    return Hyperparameter(name, kind, value_type, levels, scale)


def is_geometric(levels: Sequence[float]) -> bool:
    """Whether at least three positive levels grow by a nearly constant ratio rather than by constant steps."""
    if len(levels) < 3 or min(levels) <= 0:
        return False
    ratios = [b / a for a, b in zip(levels, levels[1:], strict=False)]
    steps = [b - a for a, b in zip(levels, levels[1:], strict=False)]
    return max(ratios) / min(ratios) < max(steps) / min(steps) and max(steps) / min(steps) > 1.5


def write_table(connection: duckdb.DuckDBPyConnection, space: Sequence[Hyperparameter]) -> None:
    """Write the temporary table `hpowh_level` (position, level, key); keys as DuckDB itself writes the values."""
    import polars as pl

    connection.execute("create or replace temp table hpowh_level (position integer, level integer, key varchar)")
    for position, hyperparameter in enumerate(space):
        sql_type = {"int": "double", "float": "double", "bool": "boolean", "text": "varchar"}[hyperparameter.value_type]
        python = float if sql_type == "double" else bool if sql_type == "boolean" else str
        frame = pl.DataFrame({"v": [python(level) for level in hyperparameter.levels]})
        connection.register("_levels", frame.to_arrow())
        connection.execute(
            f"insert into hpowh_level select {position}, (row_number() over ())::integer - 1, (v::{sql_type})::varchar "
            "from _levels"
        )
        connection.unregister("_levels")


def shown(hyperparameter: Hyperparameter, most: int = 8) -> str:
    """Return the levels as text, shortened where there are many."""
    texts = [f"{level:g}" if isinstance(level, float) else str(level) for level in hyperparameter.levels]
    return ", ".join(texts) if len(texts) <= most else ", ".join([*texts[: most - 1], "…", texts[-1]])
