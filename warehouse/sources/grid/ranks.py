"""The combinations of a grid's settings, each looked at once, and the rank that each row's configuration has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse.ingest.dimensions import Hyperparameter, strides_of
from hpowh.warehouse.sources.grid.plan import Plan
from hpowh.warehouse.sources.tables.staging import ROW, Staged

if TYPE_CHECKING:
    import duckdb

REPEATED = 4
"""Combinations that occur so often on average are looked at by themselves: what is asked of them is asked once each."""


def settings_of(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> str:
    """Return a relation with every combination of the hyperparameters' cells, as the file has them.

    The temporary table `hpowh_setting` has each once, where seeds, folds or benchmarks repeat them; else it is the
    staged relation itself.
    """
    names = ", ".join(plan.sql(column) for column in plan.hyperparameters)
    combinations, rows = connection.execute(
        f"select approx_count_distinct(hash({names})), count(*) from {staged.relation}"  # noqa: S608
    ).fetchall()[0]
    if combinations * REPEATED > rows:
        return staged.relation
    connection.execute(f"create or replace temp table hpowh_setting as select distinct {names} from {staged.relation}")  # noqa: S608
    return "hpowh_setting"


def rank(
    connection: duckdb.DuckDBPyConnection, plan: Plan, space: Sequence[Hyperparameter], relation: str, settings: str
) -> None:
    """Compute each row's configuration rank (temporary table `hpowh_grid`).

    Args:
        relation: the rows, with their positions.
        settings: what `settings_of` returned; where it has each combination once, that is ranked.
    """
    columns = ", ".join(f"{sql} as {alias}" for alias, sql in plan.grain_sql("t"))
    values = ", ".join(f"t.{_value(plan, metric.column)} as m_{i}" for i, metric in enumerate(plan.metrics))
    term, joins = _ranked(plan, space)
    if settings == "hpowh_setting":
        names = [plan.sql(column) for column in plan.hyperparameters]
        listed = ", ".join(f"t.{name}" for name in names)
        connection.execute(
            f"create or replace temp table hpowh_ranked as select {listed}, {term} as configuration_id "  # noqa: S608
            f"from {settings} as t {joins}"
        )
        empty = connection.execute(
            "select " + ", ".join(f"bool_or({name} is null)" for name in names) + " from hpowh_ranked"  # noqa: S608
        ).fetchall()[0]
        same = " and ".join(
            f"t.{name} {'is not distinct from' if is_empty else '='} r.{name}"
            for name, is_empty in zip(names, empty, strict=True)
        )
        term, joins = "r.configuration_id", f"join hpowh_ranked as r on {same}"
    connection.execute(
        f"create or replace temp table hpowh_grid as select t.{ROW}, "  # noqa: S608
        f"{term} as configuration_id, {columns}, {values} from {relation} as t {joins}"
    )


def _value(plan: Plan, column: str) -> str:
    return plan.numbers.get(column) or plan.sql(column)


def _ranked(plan: Plan, space: Sequence[Hyperparameter]) -> tuple[str, str]:
    """Return SQL for the rank of a row `t`, and the joins that it needs."""
    strides = strides_of([len(h.levels) for h in space])
    joins, terms = [], []
    for position, (hyperparameter, stride) in enumerate(zip(space, strides, strict=True)):
        # An empty cell has no level; that of a conditional hyperparameter is inactive, and stands at its default.
        kind = "left join" if hyperparameter.requires else "join"
        joins.append(
            f"{kind} (select key, level from hpowh_level where position = {position}) as l{position} "  # noqa: S608
            f"on l{position}.key = {plan.value_sql(hyperparameter, 't')}"
        )
        terms.append(f"coalesce(l{position}.level, {hyperparameter.default_level})::bigint * {stride}")
    return " + ".join(terms), " ".join(joins)
