"""Rows that sum up the others among runs: a benchmark called `Average`, `Overall` or `Mean rank` is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.roles import listed
from hpowh.warehouse.sources.tables.wide import is_summary_row

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request
    from hpowh.warehouse.sources.runs.plan import Plan

LEAST_OTHERS = 2
"""With fewer benchmarks besides, there is nothing to sum up."""


def summaries(connection: duckdb.DuckDBPyConnection, plan: Plan, request: Request) -> list[str]:
    """Return the benchmarks that sum up others by their name; none with `--option summaries=keep`.

    Needs the temporary table `hpowh_keys`.

    Raises:
        UsageError: the option says something else than keep or leave.
    """
    said = str(request.options.get("summaries", "leave"))
    if said not in ("leave", "keep"):
        raise UsageError(f"--option summaries={said}: not understood.", "Say keep or leave.")
    if plan.benchmark is None or said == "keep":
        return []
    names = f"select distinct {plan.text(plan.benchmark)} as name from hpowh_keys"  # noqa: S608 - columns by place
    every = [str(name) for (name,) in connection.execute(f"{names} order by name").fetchall() if name is not None]
    found = [name for name in every if is_summary_row(name)]
    return found if len(every) - len(found) >= LEAST_OTHERS else []


def without(connection: duckdb.DuckDBPyConnection, plan: Plan, accepted: str, found: list[str]) -> str:
    """Return a relation of the accepted rows that are no summaries of others."""
    if not found or plan.benchmark is None:
        return accepted
    names = ", ".join(map(literal, found))
    connection.execute(
        f"create or replace temp view hpowh_results as select * from {accepted} "  # noqa: S608 - a relation of our own
        f"where {plan.text(plan.benchmark)} not in ({names})"
    )
    return "hpowh_results"


def note(found: list[str]) -> list[str]:
    """Return a sentence on what was left out."""
    if not found:
        return []
    return [
        f"Rows left out, of benchmarks named like summaries of the others: {listed(found, 8)} (--option summaries=keep "
        "loads them)."
    ]
