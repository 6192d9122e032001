"""The levels of a grid's hyperparameters: from the warehouse, as declared, or as found in the file."""

from __future__ import annotations

import math
import shlex
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.dimensions import Hyperparameter, Requirement
from hpowh.warehouse.sources.tables.spelling import form_of

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
    rows = connection.execute(queries.text("search_space/levels"), {"space": name}).fetchall()
    if not rows:
        return None
    requires: dict[str, list[Requirement]] = {}
    defaults: dict[str, int] = {}
    for child, parent, levels, *_, default in connection.execute(
        queries.text("search_space/conditions"), {"space": name}
    ).fetchall():
        requires.setdefault(child, []).append(Requirement(parent, tuple(levels)))
        defaults[child] = default
    return [
        Hyperparameter(
            name=h, kind=kind, value_type=value_type, levels=_typed(value_type, numbers, labels), scale=scale,
            requires=tuple(requires.get(h, ())), default=defaults.get(h),
        )
        for h, kind, value_type, scale, numbers, labels in rows
    ]  # fmt: skip


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
        column, kind = plan.sql(plan.column_of(name)), plan.columns[plan.column_of(name)]
        form = "text" if plan.roles[name].argument == "text" else form_of(connection, column, kind, relation)
        is_number = form in ("number", "rounded")
        sql = f"try_cast({column} as {'boolean' if form == 'truth' else 'double'})"
        sql = sql if is_number or form == "truth" else plan.text(name, column)
        rows = connection.execute(
            f"select distinct {sql} as v from {relation} where not {plan.is_empty(name)} order by v"  # noqa: S608
        ).fetchall()
        if not rows:
            raise IngestError(
                f"{plan.location}: the hyperparameter {name!r} is empty in every row.",
                f"Leave it out: --map {shlex.quote(name + '=ignore')}",
            )
        levels = tuple(row[0] for row in rows)
        value_type = "bool" if form == "truth" else "text"
        if is_number:
            levels, joined = without_twins(levels)
            plan.said += [f"{name}: {a!r} and {b!r} are one level (they agree in 12 digits)." for a, b in joined]
            is_whole = all(level == int(level) for level in levels if math.isfinite(level))
            value_type = "int" if is_whole and all(map(math.isfinite, levels)) else "float"
            levels = tuple(int(level) for level in levels) if value_type == "int" else levels
        space.append(_hyperparameter(name, value_type, levels, plan))
    return space


def without_twins(levels: Sequence[float]) -> tuple[tuple[float, ...], list[tuple[float, float]]]:
    """Return levels in order, one of those that agree in 12 digits (the shortest), and which were joined."""
    kept: list[float] = []
    joined = []
    for level in levels:
        if kept and is_twin(kept[-1], level):
            joined.append((kept[-1], level))
            kept[-1] = min(kept[-1], level, key=lambda number: len(repr(number)))
        else:
            kept.append(level)
    return tuple(kept), joined


def is_twin(first: float, second: float) -> bool:
    """Whether two numbers agree in 12 significant digits."""
    return first == second or math.isclose(first, second, rel_tol=1e-12, abs_tol=0)


def _hyperparameter(name: str, value_type: str, levels: tuple[Any, ...], plan: Plan) -> Hyperparameter:
    """Numbers are ordinal and text is categorical, unless the mapping says otherwise."""
    said = plan.roles[name].argument if name in plan.roles else None
    if said not in (None, "ordinal", "categorical", "log", "text"):
        raise UsageError(
            f"--map {name}=hyperparameter:{said}: not understood.", "Say ordinal, categorical, log or text."
        )
    kind = "ordinal" if value_type in ("int", "float") else "categorical"
    if said in ("ordinal", "categorical"):
        kind = said
    scale = "log" if said == "log" or (value_type in ("int", "float") and is_geometric(levels)) else "linear"
    return Hyperparameter(name=name, kind=kind, value_type=value_type, levels=levels, scale=scale)


def is_geometric(levels: Sequence[float]) -> bool:
    """Whether at least three positive levels grow by a nearly constant ratio rather than by constant steps."""
    if len(levels) < 3 or min(levels) <= 0:
        return False
    ratios = [b / a for a, b in zip(levels, levels[1:], strict=False)]
    steps = [b - a for a, b in zip(levels, levels[1:], strict=False)]
    return max(ratios) / min(ratios) < max(steps) / min(steps) and max(steps) / min(steps) > 1.5


def write_table(
    connection: duckdb.DuckDBPyConnection, plan: Plan, space: Sequence[Hyperparameter], relation: str
) -> None:
    """Write the temporary table `hpowh_level` (position, level, key); keys as DuckDB itself writes the values.

    A number in the file that agrees with a level in 12 digits is a further key of that level.
    """
    import polars as pl

    connection.execute("create or replace temp table hpowh_level (position integer, level integer, key varchar)")
    for position, hyperparameter in enumerate(space):
        sql_type = {"int": "double", "float": "double", "bool": "boolean", "text": "varchar"}[hyperparameter.value_type]
        python = float if sql_type == "double" else bool if sql_type == "boolean" else str
        levels = [(python(level), at) for at, level in enumerate(hyperparameter.levels)]
        if sql_type == "double":
            levels += _twins(connection, plan, hyperparameter, relation)
        frame = pl.DataFrame({"v": [value for value, _ in levels], "level": [at for _, at in levels]})
        connection.register("_levels", frame.to_arrow())
        connection.execute(f"insert into hpowh_level select {position}, level, (v::{sql_type})::varchar from _levels")  # noqa: S608
        connection.unregister("_levels")


def _twins(
    connection: duckdb.DuckDBPyConnection, plan: Plan, hyperparameter: Hyperparameter, relation: str
) -> list[tuple[float, int]]:
    """Return (value, level) of the file's numbers that are no level but agree with one in 12 digits."""
    known = sorted((float(level), at) for at, level in enumerate(hyperparameter.levels))
    exact = {level for level, _ in known}
    column = plan.sql(plan.column_of(hyperparameter.name))
    found = []
    for (value,) in connection.execute(
        f"select distinct try_cast({column} as double) as v from {relation} where v is not null"  # noqa: S608
    ).fetchall():
        if value in exact:
            continue
        place = bisect_left(known, (value, -1))
        found += [(value, at) for level, at in known[max(place - 1, 0) : place + 1] if is_twin(level, value)][:1]
    return found


def shown(hyperparameter: Hyperparameter, most: int = 8) -> str:
    """Return the levels as text, shortened where there are many."""
    texts = [f"{level:g}" if isinstance(level, float) else str(level) for level in hyperparameter.levels]
    return ", ".join(texts) if len(texts) <= most else ", ".join([*texts[: most - 1], "…", texts[-1]])
