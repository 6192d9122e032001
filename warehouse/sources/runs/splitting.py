"""Columns that would give every run a setting of its own, so that nothing could be compared: results, times, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.sources.tables.naming import NAMES, is_measured, is_result, plain_name
from hpowh.warehouse.sources.tables.numbers import numeric_columns
from hpowh.warehouse.sources.tables.roles import Role, listed

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.sources.runs.plan import Plan
    from hpowh.warehouse.sources.tables.staging import Staged

KEPT = 0.1
"""A factor is kept where it leaves at least this share of the runs comparable that were so without it."""
FEWEST = 10
"""So many runs of one algorithm alone must differ in a column before it counts as one with a value a run."""
FAILED = "filled only where there is no result"
NAMED = "named like a result, or like what a run took"
WHY = "a value of its own in nearly every run"


def leave_out_splitting(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> None:
    """Leave out guessed factors that split every run from the others, where a file has one row a run.

    In such a file everything is constant within a run. A run is comparable where another algorithm ran on the same
    benchmark with the same seed; a factor of the experiment has levels that algorithms share, a result has not.
    """
    guessed = [column for column in plan.factors if plan.roles[column].why != "given"]
    others = [column for column in plan.key_columns() if column not in guessed]
    telling = _telling(connection, plan, staged, others, guessed) if guessed else None
    if telling is None:
        return
    others, guessed = [*others, *telling], [column for column in guessed if column not in telling]
    plan.said += _may_be_budget(connection, plan, staged, telling)
    algorithm = plan.column("algorithm")
    block = [column for column in others if column != algorithm]
    comparable = comparable_rows(connection, plan, staged, algorithm, block)
    left, bound, failed = [], [], []
    named = [column for column in guessed if is_result(column) or is_measured(column)]
    named = numeric_columns(connection, staged, named) if named else []
    plan.roles |= dict.fromkeys(named, Role("ignore", None, NAMED))
    for column in guessed:
        if column in named:
            continue
        if _is_of_failures(connection, plan, staged, column):
            failed.append(column)
            plan.roles[column] = Role("ignore", None, FAILED)
            continue
        if comparable:
            filled = comparable_rows(connection, plan, staged, algorithm, block, where=column)
            kept = comparable_rows(connection, plan, staged, algorithm, [*block, column], where=column)
            splits = kept < KEPT * filled
        else:
            splits = _is_all_different(connection, plan, staged, column)
        if splits and _is_of_the_algorithm(connection, plan, staged, algorithm, column):
            bound.append(column)
            plan.roles[column] = Role("ignore", None, "one value for each algorithm")
        elif splits:
            left.append(column)
            plan.roles[column] = Role("ignore", None, WHY)
    plan.explained.update(bound, left, failed, named)
    if named:
        plan.said.append(
            f"Named like a result, or like what a run took, so no settings: {listed(named)} "
            "(--map COLUMN=metric for a further result, =factor for a setting)."
        )
    if failed:
        plan.said.append(f"Filled only where there is no result, so no setting: {listed(failed)}.")
    if bound:
        plan.said.append(
            f"One value for each algorithm, so no setting in which algorithms could be compared: {listed(bound)} "
            "(--map COLUMN=factor keeps it)."
        )
    if left:
        count = "1 column would give" if len(left) == 1 else f"{len(left)} columns would give"
        plan.said.append(
            f"{count} every run a setting of its own, so that nothing could be compared: {listed(left)} "
            "(--map COLUMN=metric for a further result, =factor for a setting)."
        )


def _may_be_budget(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, telling: list[str]) -> list[str]:
    """Return a sentence about factors of numbers that tell rows apart where no column is a budget."""
    if plan.budget or "budget" in plan.constants:
        return []
    numbers = [c for c in numeric_columns(connection, staged, telling) if plain_name(c) not in NAMES["fold"]]
    if not numbers:
        return []
    return [f"Taken for factors, since they tell rows apart: {listed(numbers)} (--map COLUMN=budget if one is spent)."]


def _telling(
    connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, keys: list[str], guessed: list[str]
) -> list[str] | None:
    """Return the few guessed factors, such as a fold, that tell the rows apart besides the keys.

    None where the file has more than one row a run, or only a column with a value a row tells them apart.
    """

    def count(columns: list[str]) -> int:
        names = [plan.sql(column) for column in (*columns, *([plan.metric_name] if plan.metric_name else []))]
        chosen = f"distinct ({', '.join(names)})" if names else "*"
        return int(connection.execute(f"select count({chosen}) from {staged.relation}").fetchall()[0][0])  # noqa: S608

    rows, runs = connection.execute(
        f"select (select count(*) from {staged.relation}), (select count(*) from hpowh_keys)"  # noqa: S608
    ).fetchall()[0]
    if runs < rows and not plan.metric_name:
        return None
    chosen: list[str] = []
    told = count(keys)
    levels = {column: count([column]) for column in guessed} if told < rows else {}
    for column in sorted(levels, key=lambda column: levels[column]):
        if told == rows or levels[column] > rows / 2:
            break
        more = count([*keys, *chosen, column])
        if more > told:
            chosen, told = [*chosen, column], more
    return chosen if told == rows else None


def _is_of_failures(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, column: str) -> bool:
    """Whether a column has text in rows without a usable result only, such as the reason of a failure."""
    name = plan.sql(column)
    usable = " or ".join(f"({plan.value(metric)[0]}) is not null" for metric, _ in plan.metrics)
    filled, with_result = connection.execute(
        f"select count(*), count(*) filter (where {usable}) from {staged.relation} where {_is_filled(name)}"  # noqa: S608
    ).fetchall()[0]
    return bool(filled and not with_result)


def _is_filled(name: str) -> str:
    return f"trim({name}::varchar) <> ''"


def comparable_rows(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    staged: Staged,
    algorithm: str | None,
    block: list[str],
    *,
    where: str | None = None,
) -> int:
    """Return how many rows have another algorithm in their block; of those only in which a column is filled."""
    if algorithm is None:
        return 0
    names = [plan.sql(column) for column in block]
    grouped = f"where {_is_filled(plan.sql(where))} " if where else ""
    grouped += f"group by {', '.join(names)}" if names else ""
    return int(
        connection.execute(
            f"select coalesce(sum(rows), 0) from (select count(*) as rows from {staged.relation} {grouped} "  # noqa: S608
            f"having count(distinct {plan.sql(algorithm)}) > 1)"
        ).fetchall()[0][0]
    )


def _is_all_different(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, column: str) -> bool:
    name = plan.sql(column)
    filled, levels = connection.execute(
        f"select count({name}), count(distinct {name}) from {staged.relation}"  # noqa: S608
    ).fetchall()[0]
    return bool(filled >= FEWEST and levels > 0.9 * filled)


def _is_of_the_algorithm(
    connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, algorithm: str | None, column: str
) -> bool:
    if algorithm is None:
        return False
    return not connection.execute(
        f"select 1 from {staged.relation} group by {plan.sql(algorithm)} "  # noqa: S608
        f"having count(distinct {plan.sql(column)}) > 1 limit 1"
    ).fetchall()
