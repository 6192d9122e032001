"""Metrics that were not measured on a benchmark: the empty cells of a wide table there are no failed runs.

A table with a column for AUC and one for RMSE, of which each benchmark fills one, has two metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.sources.tables.naming import SPREADS, is_result, words
from hpowh.warehouse.sources.tables.numbers import number
from hpowh.warehouse.sources.tables.roles import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from hpowh.warehouse.sources.tables.staging import Staged

MOST_NAMED = 3
OWN = "the metric of its own benchmarks"


def named_like_results(columns: Sequence[str]) -> list[str]:
    """Return the columns whose names are those of results, without spreads."""
    return [column for column in columns if is_result(column) and not SPREADS.intersection(words(column))]


def metrics_of_their_own(
    connection: duckdb.DuckDBPyConnection, staged: Staged, benchmark: str | None, results: Sequence[str]
) -> dict[str, Role]:
    """Return the roles of several columns of results of which no benchmark fills two.

    Empty where it is not so: then one of them is the value, and which has to be said.
    """
    if benchmark is None or len(results) < 2:
        return {}
    names = [number(staged.columns.sql(column), staged.columns[column]) for column in results]
    filled = " + ".join(f"(count({name}) > 0)::integer" for name in names)
    used = ", ".join(f"count({name})" for name in names)
    by = staged.columns.sql(benchmark)
    most, *counts = connection.execute(
        f"with by_benchmark as (select {filled} as n from {staged.relation} group by {by}) "  # noqa: S608
        f"select (select max(n) from by_benchmark), {used} from {staged.relation}"
    ).fetchall()[0]
    if most != 1:
        return {}
    kept = [column for column, count in zip(results, counts, strict=True) if count]
    return {column: Role("metric", None, OWN) for column in kept} if len(kept) > 1 else {}


def leave_out(connection: duckdb.DuckDBPyConnection, source_id: int, metrics: Mapping[str, int]) -> list[str]:
    """Take out the points of metrics without any cell filled on a benchmark that has values of another; say so.

    A table with a column for AUC and one for RMSE leaves one of the two empty on each benchmark. Every run there would
    count as failed by the other.
    """
    if len(metrics) < 2:
        return []
    connection.execute(queries.statement("runs/unmeasured"), {"source": source_id})
    found = connection.execute(queries.statement("runs/unmeasured_named")).fetchall()
    if found:
        connection.execute(queries.statement("runs/unmeasured_removed"), {"source": source_id})
    return [
        f"{metric!r} has no value on {_named(benchmarks)}, where another metric has some: its {count:,} empty cells "
        "there are taken as not measured, not as failed."
        for metric, benchmarks, count in found
    ]


def _named(benchmarks: list[str]) -> str:
    if len(benchmarks) <= MOST_NAMED:
        return ", ".join(map(repr, benchmarks))
    return f"{len(benchmarks):,} benchmarks ({', '.join(map(repr, benchmarks[:MOST_NAMED]))}, …)"
