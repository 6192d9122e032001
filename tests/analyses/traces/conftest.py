"""Fill a warehouse with runs given as plain tuples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.views import refresh_generated_views

Point = tuple[str, str, int | None, float, float | None]
"""Algorithm, benchmark, seed, budget, value (None: failed)."""


def fill_runs(
    warehouse: Warehouse,
    points: Sequence[Point],
    *,
    experiment: str = "trial",
    direction: str = "min",
    metric: str = "loss",
    setting: str | None = None,
    fingerprint: str = "f1",
) -> None:
    """Add runs and their traces by plain SQL, as one source; a run is an algorithm, benchmark and seed."""
    schema = {
        "algorithm": pl.String,
        "benchmark": pl.String,
        "seed": pl.Int64,
        "budget": pl.Float64,
        "value": pl.Float64,
    }
    frame = pl.DataFrame(points, schema=schema, orient="row")
    with warehouse.writing() as con:
        con.register("given", frame.to_arrow())
        source = con.execute("select coalesce(max(source_id), 0) + 1 from core.source").fetchall()[0][0]
        con.execute(
            "insert into core.source values (?, 'runs', ?, 'memory', ?, ?, 0, '{}', now(), '0')",
            [source, f"s{source}", fingerprint, len(points)],
        )
        for table, column in (("algorithm", "algorithm"), ("benchmark", "benchmark")):
            con.execute(
                f"insert into core.{table} select (select coalesce(max({table}_id), 0) from core.{table}) + "
                f"row_number() over (order by name), name from (select distinct {column} as name from given "
                f"where {column} not in (select name from core.{table}))"
            )
        con.execute(
            "insert into core.experiment select coalesce(max(experiment_id), 0) + 1, $x from core.experiment "
            "having $x not in (select name from core.experiment)",
            {"x": experiment},
        )
        con.execute(
            "insert into core.metric select coalesce(max(metric_id), 0) + 1, $m, $d, null, null, null "
            "from core.metric having $m not in (select name from core.metric)",
            {"m": metric, "d": direction},
        )
        con.execute(
            "create temp table run_new as select (select coalesce(max(run_id), 0) from core.run) + "
            "row_number() over (order by algorithm, benchmark, seed) as run_id, * "
            "from (select distinct algorithm, benchmark, seed from given)"
        )
        con.execute(
            "insert into core.run select n.run_id, x.experiment_id, a.algorithm_id, b.benchmark_id, n.seed, null, $s "
            "from run_new as n join core.algorithm as a on a.name = n.algorithm "
            "join core.benchmark as b on b.name = n.benchmark join core.experiment as x on x.name = $x",
            {"s": source, "x": experiment},
        )
        if setting is not None:
            con.execute("insert into core.run_factor select run_id, 'prior', null, ? from run_new", [setting])
        con.execute(
            "insert into core.trace select n.run_id, m.metric_id, g.budget, g.value, "
            "case when g.value is null then 'failed' else 'ok' end, $s from given as g "
            "join run_new as n on n.algorithm = g.algorithm and n.benchmark = g.benchmark "
            "and n.seed is not distinct from g.seed join core.metric as m on m.name = $m",
            {"s": source, "m": metric},
        )
        con.execute("drop table run_new")
        con.unregister("given")
        refresh_generated_views(con)


@pytest.fixture
def fill() -> Callable[..., None]:
    """`fill(warehouse, points, ...)`: add runs and traces."""
    return fill_runs


def run_points(algorithm: str, benchmark: str, seed: int | None, values: Sequence[float | None]) -> list[Point]:
    """Return a run that reports one value at each budget 1, 2, …"""
    return [(algorithm, benchmark, seed, float(budget), value) for budget, value in enumerate(values, 1)]


@pytest.fixture
def points() -> Callable[..., list[Point]]:
    """`points(algorithm, benchmark, seed, values)`: a run with one value at each budget 1, 2, …"""
    return run_points
