"""Columns that look like factors of a run but change within it, such as the hyperparameters that an optimiser tried."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.tables.naming import NAMES, plain_name

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.runs.plan import Plan
    from hpowh.warehouse.sources.tables.staging import Staged

GROUPS = 200
"""So many groups of rows are looked at for a column with few values: enough to tell, cheap on millions of rows."""


def refuse_varying(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> None:
    """Ask what a guessed factor is when it changes within runs: better than to make several runs of each.

    Needs the temporary table `hpowh_keys`.

    Raises:
        IngestError: names all such columns.
    """
    guessed = [column for column in plan.factors if plan.roles[column].why != "given"]
    if not guessed or plan.budget is None:
        return
    varying = _many_valued(connection, plan, staged, guessed)
    few = [column for column in guessed if column not in varying]
    varying += [column for column in few if _changes_with_the_budget(connection, plan, staged, column, varying)]
    if not varying:
        return
    if len(varying) == 1:
        said = f"the column {varying[0]!r} changes within runs, so it is no run factor."
    else:
        said = f"the columns {', '.join(map(repr, varying))} change within runs, so they are no run factors."
    raise IngestError(
        f"{plan.location}: {said}",
        f"Say what {'it is' if len(varying) == 1 else 'each is'}: --map {shlex.quote(varying[0])}=metric "
        f"(a further value), =factor (it tells runs apart) or =ignore{_or_budget(plan, varying)}{_all_out(varying)}",
    )


def _all_out(varying: list[str]) -> str:
    """Return what to copy where several columns are to be left out."""
    if len(varying) == 1:
        return ""
    return f"; all left out: {' '.join(f'--map {shlex.quote(column)}=ignore' for column in varying)}"


def _or_budget(plan: Plan, varying: list[str]) -> str:
    """Return that one of the columns may be the budget instead of the one whose name was taken for it."""
    named = [column for column in varying if plain_name(column) in NAMES["budget"]]
    if not named or plan.budget is None or plan.roles[plan.budget].why == "given":
        return ""
    return f"; or --map {shlex.quote(named[0])}=budget, which {plan.budget!r} was taken for by its name"


def _many_valued(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, guessed: list[str]) -> list[str]:
    """Return the columns that have another value in most rows of some run.

    Rows of one budget are no points of one run: what differs among them tells runs apart, such as a prior.
    """
    suspects = [column for column in guessed if plan.columns[column] in ("DOUBLE", "FLOAT", "VARCHAR")]
    rows, runs = connection.execute(
        f"select (select count(*) from {staged.relation}), (select count(*) from hpowh_keys)"  # noqa: S608
    ).fetchall()[0]
    if runs * 5 < rows:
        return []
    keys = [expression for alias, expression in plan.run_keys() if not alias.startswith("f_")]
    keys += [plan.factor(column) for column in plan.factors if column not in suspects]
    return [
        column
        for column in suspects
        if connection.execute(
            f"select 1 from {staged.relation} group by {', '.join(keys)} "  # noqa: S608
            f"having count(distinct {plan.sql(column)}) > 1 and count(distinct {plan.sql(column)}) > count(*) / 2 "
            f"and count(distinct {plan.sql(plan.budget or '')}) > 1 limit 1"
        ).fetchall()
    ]


def _changes_with_the_budget(
    connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, column: str, varying: list[str]
) -> bool:
    """Whether rows that differ in this column are points of one run: they have its budgets, each of them once.

    Runs that a factor tells apart have the same budgets again. Where every row of the file has a budget of its own (as
    with seconds), nothing can be told, and the column counts as a factor.
    """
    keys = [plan.sql(key) for key in plan.key_columns() if key != column and key not in varying]
    listed = ", ".join(keys)
    if keys and not varying and _follows(connection, listed):
        return False
    grouped = f" group by {listed}" if keys else ""
    among = f" semi join (select distinct {listed} from hpowh_keys order by all limit {GROUPS}) using ({listed})"  # noqa: S608
    point = ", ".join(plan.sql(name) for name in (plan.budget, plan.metric_name) if name)
    several, once, rows, budgets = connection.execute(
        f"with part as (select * from {staged.relation}{among if keys else ''}), "  # noqa: S608
        f"runs as (select count(distinct {plan.sql(column)}) as levels, count(distinct ({point})) as points, "
        f"count(*) as rows from part{grouped}) "
        "select count(*) filter (where levels > 1), count(*) filter (where levels > 1 and points = rows), "
        f"sum(rows), (select count(distinct {plan.sql(plan.budget or '')}) from part) from runs"
    ).fetchall()[0]
    return bool(several and once * 2 > several and budgets * 2 < rows)


def _follows(connection: duckdb.DuckDBPyConnection, listed: str) -> bool:
    """Whether what is left out of the keys of runs follows from these: then it has one level in each run."""
    kept, every = connection.execute(
        f"select (select count(*) from (select distinct {listed} from hpowh_keys)), (select count(*) from hpowh_keys)"  # noqa: S608
    ).fetchall()[0]
    return bool(kept == every)
