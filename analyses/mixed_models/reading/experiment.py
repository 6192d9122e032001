"""What an experiment in a warehouse has: its metrics, factors, features and scales, and the state of its sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hpowh.analyses.mixed_models.reading.by_run import WORTHWHILE
from hpowh.analyses.mixed_models.reading.catalogue import NAMED, Catalogue


class Source(Protocol):
    """What is needed of a warehouse."""

    @property
    def connection(self) -> Any: ...
    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any: ...


def read_catalogue(
    warehouse: Source, experiment_id: int, name: str, metrics: Mapping[str, tuple[int, str]], *, is_alone: bool
) -> Catalogue:
    """Return what an experiment has: metrics, and run factors and meta-features when they are asked for.

    Args:
        metrics: id and direction of every metric in the warehouse.
        is_alone: the warehouse has no other experiment, so all run factors are this one's.
    """
    restriction = "" if is_alone else _OF_EXPERIMENT.format(experiment_id)
    # The table's own statistics answer this, so no point is looked at.
    least, most, points, runs = warehouse.sql(_EXTENT).rows()[0]
    if least is not None and least == most:
        found = {least}
    else:
        found = {row[0] for row in warehouse.sql(_MEASURED, [experiment_id]).rows()}
    return Catalogue(
        experiment_id=experiment_id,
        experiment=name,
        metrics={metric: known for metric, known in metrics.items() if known[0] in found},
        has_long_runs=bool(points and points >= WORTHWHILE * runs),
        find_measured=lambda: list(warehouse.sql(_USABLE, [experiment_id]).rows()),
        find_scales=lambda metric: list(warehouse.sql(_SCALES, [metric, experiment_id]).rows()),
        find_factors=lambda: dict(sorted(warehouse.sql(_FACTORS.format(restriction)).rows())),
        find_features=lambda: dict(sorted(warehouse.sql(_FEATURES, [experiment_id]).rows())),
    )


KINDS = ("experiment", "metric", *NAMED)
NAMED_ROWS = """
select 'experiment' as kind, experiment_id as id, name, null as direction from core.experiment
union all select 'metric', metric_id, name, direction from core.metric
union all select 'algorithm', algorithm_id, name, null from core.algorithm
union all select 'benchmark', benchmark_id, name, null from core.benchmark
"""
_EXTENT = "select min(metric_id), max(metric_id), count(*), max(run_id) - min(run_id) + 1 from core.trace"
BOUNDS = "select min(run_id), max(run_id) from core.run where experiment_id = ?"
_MEASURED = """
select distinct t.metric_id from core.trace as t semi join core.run as r
on r.run_id = t.run_id and r.experiment_id = ?
"""
_USABLE = """
select distinct s.benchmark_id, b.name, s.metric_id
from mart.run_span as s join core.benchmark as b on b.benchmark_id = s.benchmark_id
where s.experiment_id = ? and s.first_budget is not null order by s.benchmark_id, s.metric_id
"""
_SCALES = """
select benchmark_id, best_loss, worst_loss, least_regret from mart.benchmark_scale
where metric_id = ? and experiment_id = ? order by benchmark_id
"""
_FACTORS = "select name, bool_and(numeric_value is not null) from core.run_factor {} group by name"
_OF_EXPERIMENT = "where run_id in (select run_id from core.run where experiment_id = {})"
_FEATURES = """
select name, bool_and(numeric_value is not null) from core.benchmark_feature
where benchmark_id in (select benchmark_id from core.run where experiment_id = ?) group by name
"""
_SOURCES = """
with run as (select * from core.run where experiment_id = ?),
benchmark as (select distinct benchmark_id from run),
used as (
  select source_id from run
  union select source_id from core.run where benchmark_id in (from benchmark)
  union select source_id from core.evaluation where benchmark_id in (from benchmark)
  union select source_id from core.benchmark_feature where benchmark_id in (from benchmark)
)
select string_agg(name || ':' || fingerprint, '|' order by name, fingerprint)
from core.source
where source_id in (from used)
"""


def fingerprint(warehouse: Source, experiment_id: int) -> str:
    """Return a hash of the states of all sources of the runs, of their benchmarks' best known values and features."""
    facts = warehouse.sql(_SOURCES, [experiment_id]).one()
    return hashlib.sha256(str(facts).encode()).hexdigest()
