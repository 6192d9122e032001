"""Names to ids: find or add rows of the small tables, inside the ingest's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.names import refuse_nul

if TYPE_CHECKING:
    import duckdb


WITH_METRIC = ("evaluation", "trace", "sweep_metric", "trial_metric")
"""Tables of facts that have a metric."""


def next_id(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> int:
    """Return the first free id; the one writer of the file makes this safe."""
    return int(connection.execute(f"select coalesce(max({column}), 0) + 1 from core.{table}").fetchall()[0][0])  # noqa: S608


def ids_by_name(connection: duckdb.DuckDBPyConnection, table: str, names: Iterable[str]) -> dict[str, int]:
    """Find or add names in `core.experiment`, `core.benchmark` or `core.algorithm`; return name -> id.

    Raises:
        IngestError: a name holds a NUL.
    """
    wanted = sorted(set(names))
    for name in wanted:
        refuse_nul(name)
    known = dict(connection.execute(f"select name, {table}_id from core.{table}").fetchall())  # noqa: S608
    free = next_id(connection, table, f"{table}_id")
    fresh = [(free + i, name) for i, name in enumerate(name for name in wanted if name not in known)]
    if fresh:
        connection.executemany(f"insert into core.{table} ({table}_id, name) values (?, ?)", fresh)  # noqa: S608
    known.update({name: number for number, name in fresh})
    return {name: known[name] for name in wanted}


def metric_id(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    direction: str,
    *,
    bounds: tuple[float | None, float | None] = (None, None),
    unit: str | None = None,
) -> int:
    """Find or add a metric; one that no value has any more (its source is loaded anew) takes the new direction.

    Raises:
        IngestError: the warehouse has values of the metric with the other direction, or the name holds a NUL.
    """
    refuse_nul(name)
    found = connection.execute("select metric_id, direction from core.metric where name = ?", [name]).fetchall()
    if found:
        number, known = found[0]
        if known != direction and not _has_values(connection, number):
            connection.execute("update core.metric set direction = ? where metric_id = ?", [direction, number])
        elif known != direction:
            raise IngestError(
                f"The metric {name!r} is in the warehouse with direction {known!r}, here it is {direction!r}.",
                f"Give --direction {known}, or another name: --map COLUMN=metric:NAME. To correct the direction of the "
                f"only source that has the metric, load that one anew: --direction {direction} --replace",
            )
        if unit is not None:
            connection.execute("update core.metric set unit = ? where metric_id = ? and unit is null", [unit, number])
        return int(number)
    number = next_id(connection, "metric", "metric_id")
    connection.execute("insert into core.metric values (?, ?, ?, ?, ?, ?)", [number, name, direction, *bounds, unit])
    return number


def _has_values(connection: duckdb.DuckDBPyConnection, metric: int) -> bool:
    """Return whether a fact of any source is of a metric."""
    return any(
        connection.execute(f"select 1 from core.{table} where metric_id = ? limit 1", [metric]).fetchall()  # noqa: S608
        for table in WITH_METRIC
    )


@dataclass(frozen=True)
class Requirement:
    """Levels of another hyperparameter, one of which a conditional one needs to be active."""

    name: str
    levels: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One hyperparameter of a finite search space."""

    name: str
    kind: str
    """`ordinal` (neighbours differ by one level) or `categorical` (any other level is a neighbour)."""
    value_type: str
    """`int`, `float`, `bool` or `text`."""
    levels: tuple[Any, ...]
    """In order; level 0 first."""
    scale: str = "linear"
    requires: tuple[Requirement, ...] = ()
    """Of a conditional hyperparameter: it is active where all of these hold; none: it always is."""
    default: int | None = None
    """The level that a configuration's id has where it is inactive; None: the usual one."""

    @property
    def default_level(self) -> int:
        """The level that a configuration's id has where it is inactive."""
        return self.default if self.default is not None else self.usual_default

    @property
    def usual_default(self) -> int:
        """The default level where none is chosen: the middle one in an order, else the first."""
        return (len(self.levels) - 1) // 2 if self.kind == "ordinal" else 0


def strides_of(cardinalities: Sequence[int]) -> list[int]:
    """Return the mixed-radix strides: the last hyperparameter varies fastest (stride 1)."""
    strides, step = [], 1
    for size in reversed(cardinalities):
        strides.append(step)
        step *= size
    return strides[::-1]


def configuration_count(space: Sequence[Hyperparameter]) -> int:
    """Return how many configurations there are: cells that differ in inactive hyperparameters only are one.

    Counted along the tree of requirements: each level of a hyperparameter times what its dependants add there.
    """
    needed = {name for h in space for name in (one.name for one in h.requires)}
    free = [h for h in space if h.name not in needed and not h.requires]
    total = 1
    for h in free:
        total *= len(h.levels)
    tied = [h for h in space if h not in free]
    return total * _count(tied, {})


def _count(space: Sequence[Hyperparameter], chosen: Mapping[str, int]) -> int:
    """Count the settings of hyperparameters that hang together, parents first."""
    if not space:
        return 1
    ready = next(h for h in space if all(one.name in chosen for one in h.requires))
    rest = [h for h in space if h is not ready]
    if not all(chosen[one.name] in one.levels for one in ready.requires):
        return _count(rest, {**chosen, ready.name: -1})
    if not any(one.name == ready.name for h in rest for one in h.requires):
        return len(ready.levels) * _count(rest, chosen)
    return sum(_count(rest, {**chosen, ready.name: level}) for level in range(len(ready.levels)))


def definition_fingerprint(hyperparameters: Sequence[Hyperparameter]) -> str:
    """Return the hash of a space's definition: names, kinds, levels in order, conditions, defaults that were chosen."""
    text = repr([(h.name, h.kind, h.value_type, h.scale, h.levels) for h in hyperparameters])
    conditions = [(h.name, one.name, one.levels) for h in hyperparameters for one in h.requires]
    text += repr(conditions) if conditions else ""
    chosen = [(h.name, h.default_level) for h in hyperparameters if h.requires and h.default_level != h.usual_default]
    text += repr(chosen) if chosen else ""
    return sha256(text.encode()).hexdigest()


def search_space_id(
    connection: duckdb.DuckDBPyConnection, name: str, hyperparameters: Sequence[Hyperparameter], source_id: int
) -> int:
    """Find or add a search space; a configuration's id is the sum of level x stride over its hyperparameters.

    Raises:
        IngestError: the warehouse has a space of this name with another definition (spaces never change), or a name
            holds a NUL.
    """
    for one in (name, *(h.name for h in hyperparameters), *(str(level) for h in hyperparameters for level in h.levels)):
        refuse_nul(one)
    fingerprint = definition_fingerprint(hyperparameters)
    found = connection.execute(
        "select search_space_id, fingerprint from core.search_space where name = ?", [name]
    ).fetchall()
    if found:
        if found[0][1] != fingerprint:
            raise IngestError(
                f"The search space {name!r} is in the warehouse with other hyperparameters or levels.",
                "A search space never changes: give this one another name (--space NAME).",
            )
        return int(found[0][0])
    number = next_id(connection, "search_space", "search_space_id")
    sizes = [len(h.levels) for h in hyperparameters]
    cardinality = 1
    for size in sizes:
        cardinality *= size
    if cardinality >= 2**63:
        raise IngestError(
            f"The search space {name!r} has {cardinality:.3g} cells, more than a configuration id can count.",
            "Load it as a sweep, or give fewer levels.",
        )
    connection.execute(
        "insert into core.search_space values (?, ?, ?, ?, ?)", [number, name, fingerprint, cardinality, source_id]
    )
    for position, (h, stride) in enumerate(zip(hyperparameters, strides_of(sizes), strict=True)):
        connection.execute(
            "insert into core.hyperparameter values (?, ?, ?, ?, ?, ?, ?, ?)",
            [number, position, h.name, h.kind, h.value_type, h.scale, len(h.levels), stride],
        )
        connection.executemany(
            "insert into core.hyperparameter_level values (?, ?, ?, ?, ?)",
            [
                (number, position, level, float(value) if h.value_type in ("int", "float") else None, str(value))
                for level, value in enumerate(h.levels)
            ],
        )
    at = {h.name: position for position, h in enumerate(hyperparameters)}
    count = configuration_count(hyperparameters)
    conditions = [
        (number, at[h.name], at[one.name], level, h.default_level, count)
        for h in hyperparameters
        for one in h.requires
        for level in one.levels
    ]
    if conditions:
        connection.executemany("insert into core.hyperparameter_condition values (?, ?, ?, ?, ?, ?)", conditions)
    return number
