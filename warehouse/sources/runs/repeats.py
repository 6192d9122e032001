"""What repeats a run: a seed; a fold where no seed does or every run drew its own; perhaps an iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.ingest.questions import Question
from hpowh.warehouse.sources.runs.splitting import KEPT, comparable_rows
from hpowh.warehouse.sources.tables.naming import NAMES, plain_name
from hpowh.warehouse.sources.tables.roles import Role

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from hpowh.warehouse.sources.runs.plan import Plan
    from hpowh.warehouse.sources.tables.staging import Staged

COUNTS = ("iteration", "iterations", "iter", "trial", "step")
"""Names of budgets that may as well count repetitions."""
MOST_REPETITIONS = 50
"""More than so many are the steps of a trace."""
BACK_AND_FORTH = 0.25
"""A trace goes one way; where so many of its changes are for the worse and for the better, it may be none."""
OWN = "every run has another; the folds repeat a run"


def choose_repeats(
    connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, given: Collection[str], free: Collection[str]
) -> None:
    """Take the one column of folds for the seed where no column is one, or where seeds make no runs comparable.

    Benchmarks of AutoML frameworks have a fold that all frameworks share, and beside it the number that each run drew.

    Args:
        given: columns whose role the user gave; `free`: those that may be given one.
    """
    folds = [c for c in free if c not in plan.roles and plain_name(c) in NAMES["fold"]]
    algorithm, seed = plan.column("algorithm"), plan.seed
    if not seed and not folds and "seed" not in plan.constants:
        _take_runs(connection, plan, staged, free)
    if len(folds) != 1 or "seed" in plan.constants or seed in given or (seed and algorithm is None):
        return
    if seed:
        block = [column for column in (plan.benchmark, plan.metric_name, plan.budget, *folds) if column]
        shared = comparable_rows(connection, plan, staged, algorithm, block)
        if comparable_rows(connection, plan, staged, algorithm, [*block, seed]) >= KEPT * shared:
            if _are_one(connection, plan, staged, seed, folds[0]):
                plan.roles[folds[0]] = Role("ignore", None, f"another name of {seed!r}")
                plan.explained.add(folds[0])
            return
        plan.roles[seed] = Role("ignore", None, OWN)
        plan.explained.add(seed)
        plan.said.append(
            f"{seed!r} is another in every run, so that no two could be compared: {folds[0]!r} repeats them."
        )
    plan.roles[folds[0]] = Role("seed", None, "folds repeat a run, and no seed does")


def _take_runs(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, free: Collection[str]) -> None:
    """Take a column called `run` for the seed where its numbers come again for each algorithm and benchmark.

    Where every run has a number of its own, it repeats nothing.
    """
    named = [c for c in free if c not in plan.roles and plain_name(c) in RUN_NUMBERS]
    algorithm = plan.column("algorithm")
    if len(named) != 1 or algorithm is None:
        return
    block = [column for column in (plan.benchmark, plan.metric_name, plan.budget) if column]
    shared = comparable_rows(connection, plan, staged, algorithm, block)
    if shared and comparable_rows(connection, plan, staged, algorithm, [*block, named[0]]) >= KEPT * shared:
        plan.roles[named[0]] = Role("seed", None, "numbers that every algorithm has again, and nothing else repeats")
        plan.said.append(f"{named[0]!r} is read as the seed: every algorithm has its numbers again.")


RUN_NUMBERS = frozenset({"run", "runs", "run_no", "run_nr", "run_number", "run_index", "run_idx", "try", "attempt"})
"""Names of what counts runs or repetitions."""


def _are_one(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, one: str, other: str) -> bool:
    """Return whether two columns number the same things."""
    a, b = plan.sql(one), plan.sql(other)
    query = f"select count(distinct {a}), count(distinct {b}), count(distinct ({a}, {b})) from {staged.relation}"  # noqa: S608
    return len(set(connection.execute(query).fetchall()[0])) == 1


def repetition_question(
    connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, given: Collection[str]
) -> Question | None:
    """Return the question whether a column counts what a run spent or repeats it, where nothing else tells.

    `iteration` is both: the steps of an optimiser, whose best value goes one way, and the repetitions of a benchmark,
    whose last one would be taken for the run's end.
    """
    budget = plan.budget
    if not budget or budget in given or plan.seed or "seed" in plan.constants or plain_name(budget) not in COUNTS:
        return None
    if not plan.metrics:
        return None
    keys = [column for column in (*plan.key_columns(), plan.metric_name) if column]
    series = ", ".join(plan.sql(column) for column in keys) or "1"
    value = plan.number(plan.metrics[0][0])
    query = (
        f"with changes as (select {value} - lag({value}) over (partition by {series} order by "  # noqa: S608
        f"{plan.number(budget)}) as change from {staged.relation}) select count(*) filter (change > 0) as up, "
        "count(*) filter (change < 0) as down, "
        f"(select count(distinct {plan.sql(budget)}) from {staged.relation}) as steps from changes"
    )
    up, down, steps = connection.execute(query).fetchall()[0]
    if steps > MOST_REPETITIONS or min(up, down) <= BACK_AND_FORTH * (up + down):
        return None
    text = f"does {budget!r} count what a run has spent (budget), or which repetition it is (seed)?"
    return Question(text, ("seed", "budget"), "--map", budget.replace("{", "{{").replace("}", "}}") + "={}")
