"""What repeats a run: a seed, or a fold where there is no seed or where every run drew a seed of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.sources.runs.splitting import KEPT, comparable_rows
from hpowh.warehouse.sources.tables.naming import NAMES, plain_name
from hpowh.warehouse.sources.tables.roles import Role

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from hpowh.warehouse.sources.runs.plan import Plan
    from hpowh.warehouse.sources.tables.staging import Staged

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
    if len(folds) != 1 or "seed" in plan.constants or seed in given or (seed and algorithm is None):
        return
    if seed:
        block = [column for column in (plan.benchmark, plan.metric_name, plan.budget, *folds) if column]
        shared = comparable_rows(connection, plan, staged, algorithm, block)
        if comparable_rows(connection, plan, staged, algorithm, [*block, seed]) >= KEPT * shared:
            return
        plan.roles[seed] = Role("ignore", None, OWN)
        plan.explained.add(seed)
        plan.said.append(
            f"{seed!r} is another in every run, so that no two could be compared: {folds[0]!r} repeats them."
        )
    plan.roles[folds[0]] = Role("seed", None, "folds repeat a run, and no seed does")
