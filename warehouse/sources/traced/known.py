"""Runs that an experiment has already, and seeds that only some of its algorithms have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    import duckdb


def refuse_known_runs(connection: duckdb.DuckDBPyConnection, source_id: int, location: str) -> None:
    """A run of an experiment has one source; the same run from a second file is refused.

    Raises:
        IngestError: another source has a run of the same experiment, algorithm, benchmark, seed and factors.
    """
    asked = {"source": source_id}
    # Comparing all runs of an experiment takes long, and few sources share one.
    if not connection.execute(queries.text("sources/shares_experiment"), asked).fetchall()[0][0]:
        return
    clash = connection.execute(queries.text("sources/known_runs"), asked).fetchall()
    if clash:
        experiment, algorithm, benchmark, seed, setting, source = clash[0]
        which = f"{algorithm} on {benchmark}, seed {seed}" + (f", {setting}" if setting else "")
        raise IngestError(
            f"{location}: the experiment {experiment!r} already has the run {which} from source {source!r}.",
            "Give this experiment another name with --experiment NAME, or replace that source.",
        )


def ragged_seeds(connection: duckdb.DuckDBPyConnection, source_id: int) -> list[str]:
    """Say which algorithm and benchmark have other seeds than the rest."""
    rows = connection.execute(queries.text("sources/ragged_seeds"), {"source": source_id}).fetchall()
    if not rows:
        return []
    algorithm, benchmark, seeds, most = rows[0]
    more = f" (and {len(rows) - 1} more pairs)" if len(rows) > 1 else ""
    return [f"Seeds are ragged: {algorithm} on {benchmark} has {plural(seeds, 'seed')}, others up to {most}{more}."]
