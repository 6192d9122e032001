"""Conditional hyperparameters of a grid: an empty cell where another hyperparameter says that it has no effect.

A configuration's id gives an inactive hyperparameter its default level, the middle one of those that are ordered, else
the first, unless another is given (`--option default=gamma=0.1`). So what differs in an inactive hyperparameter only is
one configuration, and a step that makes it active arrives at its default.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.dimensions import Hyperparameter, Requirement
from hpowh.warehouse.sources.grid.plan import EMPTY, Plan

if TYPE_CHECKING:
    import duckdb

Settings = list[tuple[str, ...]]


def with_conditions(
    connection: duckdb.DuckDBPyConnection, plan: Plan, space: Sequence[Hyperparameter], relation: str
) -> list[Hyperparameter]:
    """Return the hyperparameters, those with empty cells with what makes them active where the file tells it.

    The levels are those of the temporary table `hpowh_level`.

    A hyperparameter is active where others have certain levels: the fewest others that part its empty cells from the
    rest, one by itself where that does. Where nothing parts them its cells are missing, not inactive.
    """
    tests = ", ".join(f"coalesce(bool_or({plan.is_empty(h.name)}), false)" for h in space)
    has_empty = connection.execute(f"select {tests} from {relation}").fetchall()[0]  # noqa: S608
    empty = [h.name for h, any_empty in zip(space, has_empty, strict=True) if any_empty]
    if not empty:
        return list(space)
    columns = {h.name: plan.key_sql(h) for h in space}
    found: dict[str, dict[str, set[str]]] = {}
    # Categories without an empty cell are what turns others on and off as a rule, so they are looked at first.
    order = sorted(space, key=lambda h: (h.name in empty, h.kind != "categorical"))
    for name in empty:
        others = [h.name for h in order if h.name != name]
        rows = _settings(connection, columns, relation, [name, *others])
        levels = {row[0] for row in rows}
        # One empty cell beside a number is sooner a missing value, as is a cell of what never varies.
        if sum(row[0] == EMPTY for row in rows) < 2 or len(levels - {EMPTY}) < 2:
            others = [h.name for h in order if h.name != name and h.kind == "categorical"]
            rows = _settings(connection, columns, relation, [name, *others])
        known = _parting(rows, others)
        if known is not None:
            found[name] = known
    found = _without_circles(found)
    keys = {(position, key): level for position, level, key in connection.execute("from hpowh_level").fetchall()}
    return [replace(h, requires=_requirements(h.name, found, space, keys)) if h.name in found else h for h in space]


def _settings(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str], relation: str, names: Sequence[str]
) -> Settings:
    """Return the combinations of keys that occur; those with a cell that is no value aside."""
    listed = ", ".join(columns[name] for name in names)
    rows: Settings = connection.execute(f"select distinct {listed} from {relation}").fetchall()  # noqa: S608
    return [row for row in rows if None not in row]


def _without_circles(found: dict[str, dict[str, set[str]]]) -> dict[str, dict[str, set[str]]]:
    """Return those whose requirements end at hyperparameters that are always active."""
    kept: dict[str, dict[str, set[str]]] = {}
    left = dict(found)
    while ready := [name for name, needs in left.items() if not needs.keys() & left.keys()]:
        kept |= {name: left.pop(name) for name in ready}
    return kept


def _parting(rows: Settings, others: Sequence[str]) -> dict[str, set[str]] | None:
    """Return the fewest of the others, with their levels, that part the rows with a value from those without."""
    active = [row[1:] for row in rows if row[0] != EMPTY]
    inactive = [row[1:] for row in rows if row[0] == EMPTY]
    levels = [{row[at] for row in active} for at in range(len(others))]
    usable = [at for at in range(len(others)) if EMPTY not in levels[at]]
    for at in usable:
        if all(row[at] not in levels[at] for row in inactive):
            return {others[at]: levels[at]}
    if not _part(inactive, levels, usable):
        return None
    kept = list(usable)
    for at in reversed(usable):
        fewer = [one for one in kept if one != at]
        kept = fewer if _part(inactive, levels, fewer) else kept
    return {others[at]: levels[at] for at in kept}


def _part(inactive: Sequence[tuple[str, ...]], levels: Sequence[set[str]], at: Sequence[int]) -> bool:
    """Whether each row without a value has, somewhere, a level that no row with a value has."""
    return all(any(row[j] not in levels[j] for j in at) for row in inactive)


def _requirements(
    name: str,
    found: Mapping[str, Mapping[str, set[str]]],
    space: Sequence[Hyperparameter],
    keys: Mapping[tuple[int, str], int],
) -> tuple[Requirement, ...]:
    """Return the levels that others must have, those that the others themselves require among them."""
    wanted: dict[str, set[str]] = {}
    left = list(found[name].items())
    while left:
        other, levels = left.pop()
        wanted[other] = wanted.get(other, levels) & levels
        left += found.get(other, {}).items()
    return tuple(
        Requirement(h.name, tuple(sorted({keys[at, key] for key in wanted[h.name] if (at, key) in keys})))
        for at, h in enumerate(space)
        if h.name in wanted
    )


def with_defaults(space: Sequence[Hyperparameter], said: Any, *, is_known: bool = False) -> list[Hyperparameter]:
    """Return the hyperparameters, the conditional ones with the default levels that are given.

    Args:
        said: `gamma=0.1,degree=3`, or a table of names and levels (in `hpowh.toml`); None: none is given.
        is_known: the space is in the warehouse, where nothing of it changes.

    Raises:
        UsageError: it names what is no conditional hyperparameter or no level of one, or changes a known space.
    """
    found = {h.name: h for h in space}
    for name, level in _defaults(said).items():
        conditional = [h.name for h in space if h.requires]
        if name not in conditional:
            raise UsageError(
                f"--option default: {name!r} is no conditional hyperparameter here.",
                f"There is: {', '.join(conditional)}."
                if conditional
                else "None has an empty cell that others explain.",
            )
        h = found[name]
        at = next((at for at, one in enumerate(h.levels) if _is_level(one, level)), None)
        if at is None:
            raise UsageError(
                f"--option default: {level!r} is no level of {name!r}.", f"Its levels: {', '.join(map(str, h.levels))}."
            )
        if is_known and at != h.default_level:
            raise UsageError(
                f"The search space is in the warehouse with {name} = {h.levels[h.default_level]} as its default.",
                "A search space never changes: give this one another name (--space NAME).",
            )
        found[name] = replace(h, default=at)
    return list(found.values())


def _defaults(said: Any) -> dict[str, Any]:
    if said is None:
        return {}
    if isinstance(said, Mapping):
        return dict(said)
    parts = [part.partition("=") for part in str(said).split(",")]
    if any(not separator or not name.strip() for name, separator, _ in parts):
        raise UsageError(
            f"--option default={said}: a level for each name is needed.", "For example: --option default=gamma=0.1"
        )
    return {name.strip(): level.strip() for name, _, level in parts}


def _is_level(level: Any, said: Any) -> bool:
    if isinstance(level, int | float) and not isinstance(level, bool):
        try:
            return float(said) == float(level)
        except (TypeError, ValueError):
            return False
    return str(said) == str(level)


def is_active(plan: Plan, hyperparameter: Hyperparameter, space: Sequence[Hyperparameter], alias: str = "") -> str:
    """Return SQL for whether a hyperparameter is active in a row; tables as `hpowh_level` has them."""
    position = {h.name: at for at, h in enumerate(space)}
    terms = [
        f"{plan.value_sql(space[position[one.name]], alias)} in (select key from hpowh_level "  # noqa: S608
        f"where position = {position[one.name]} and level in ({', '.join(map(str, one.levels))}))"
        for one in hyperparameter.requires
    ]
    return f"({' and '.join(terms)})" if terms else "true"


def condition_notes(space: Sequence[Hyperparameter], names: Collection[str] | None = None) -> list[str]:
    """Return a sentence for each conditional hyperparameter: when it is active, and where it is set to otherwise.

    Args:
        names: only of these.
    """
    levels = {h.name: h.levels for h in space}
    notes = []
    for h in space:
        if h.requires and (names is None or h.name in names):
            when = " and ".join(
                f"{one.name} is {' or '.join(str(levels[one.name][at]) for at in one.levels)}" for one in h.requires
            )
            notes.append(
                f"{h.name} is active where {when}; elsewhere it is empty, and a step that makes it active arrives at "
                f"{h.levels[h.default_level]}."
            )
    return notes
