"""Runs that an experiment has already, and seeds that only some of its algorithms have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    import duckdb


def refuse_known_runs(connection: duckdb.DuckDBPyConnection, source_id: int, location: str) -> None:
    """A run of an experiment has one source; the same run from a second file is refused.

    Raises:
        IngestError: another source has a run of the same experiment, algorithm, benchmark, seed and factors.
    """
    clash = connection.execute(
        """
        with described as (
          select r.source_id, r.experiment_id, r.algorithm_id, r.benchmark_id, r.seed,
            coalesce((select string_agg(f.name || '=' || f.text_value, ', ' order by f.name)
                      from core.run_factor as f where f.run_id = r.run_id), '') as setting
          from core.run as r
          where r.experiment_id in (select experiment_id from core.run where source_id = $1)
        )
        select x.name, a.name, b.name, n.seed, n.setting, s.name
        from described as n
        join described as o on o.source_id <> n.source_id and o.experiment_id = n.experiment_id
          and o.algorithm_id = n.algorithm_id and o.benchmark_id = n.benchmark_id
          and o.seed is not distinct from n.seed and o.setting = n.setting
        join core.experiment as x on x.experiment_id = n.experiment_id
        join core.algorithm as a on a.algorithm_id = n.algorithm_id
        join core.benchmark as b on b.benchmark_id = n.benchmark_id
        join core.source as s on s.source_id = o.source_id
        where n.source_id = $1 limit 1
        """
        if _shares_experiment(connection, source_id)
        else "select 1 where $1 is null",
        [source_id],
    ).fetchall()
    if clash:
        experiment, algorithm, benchmark, seed, setting, source = clash[0]
        which = f"{algorithm} on {benchmark}, seed {seed}" + (f", {setting}" if setting else "")
        raise IngestError(
            f"{location}: the experiment {experiment!r} already has the run {which} from source {source!r}.",
            "Give this experiment another name with --experiment NAME, or replace that source.",
        )


def _shares_experiment(connection: duckdb.DuckDBPyConnection, source_id: int) -> bool:
    return bool(
        connection.execute(
            "select 1 from core.run where source_id <> $1 and experiment_id in "
            "(select experiment_id from core.run where source_id = $1) limit 1",
            [source_id],
        ).fetchall()
    )


def ragged_seeds(connection: duckdb.DuckDBPyConnection, source_id: int) -> list[str]:
    """Say which algorithm and benchmark have other seeds than the rest."""
    rows = connection.execute(
        """
        with counted as (
          select a.name as algorithm, b.name as benchmark, count(distinct r.seed) as seeds
          from core.run as r
          join core.algorithm as a on a.algorithm_id = r.algorithm_id
          join core.benchmark as b on b.benchmark_id = r.benchmark_id
          where r.source_id = ? group by all
        )
        select algorithm, benchmark, seeds, (select max(seeds) from counted) from counted
        where seeds < (select max(seeds) from counted) order by all
        """,
        [source_id],
    ).fetchall()
    if not rows:
        return []
    algorithm, benchmark, seeds, most = rows[0]
    more = f" (and {len(rows) - 1} more pairs)" if len(rows) > 1 else ""
    return [f"Seeds are ragged: {algorithm} on {benchmark} has {plural(seeds, 'seed')}, others up to {most}{more}."]
