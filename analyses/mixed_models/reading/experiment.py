"""What an experiment in a warehouse has: its metrics, factors, features and scales, and the state of its sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hpowh.analyses.mixed_models.reading.by_run import WORTHWHILE
from hpowh.analyses.mixed_models.reading.catalogue import NAMED, Catalogue
from hpowh.warehouse import queries


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
    of_it = {"experiment": experiment_id}
    restriction = "" if is_alone else _OF_EXPERIMENT.format(experiment_id)
    # The table's own statistics answer this, so no point is looked at.
    least, most, points, runs = warehouse.sql(_EXTENT).rows()[0]
    if least is not None and least == most:
        found = {least}
    else:
        found = {row[0] for row in warehouse.sql(queries.text("model_input/measured"), of_it).rows()}
    return Catalogue(
        experiment_id=experiment_id,
        experiment=name,
        metrics={metric: known for metric, known in metrics.items() if known[0] in found},
        has_long_runs=bool(points and points >= WORTHWHILE * runs),
        find_measured=lambda: list(warehouse.sql(queries.text("model_input/usable"), of_it).rows()),
        find_scales=lambda metric: list(
            warehouse.sql(queries.text("model_input/scales"), {"metric": metric, **of_it}).rows()
        ),
        find_factors=lambda: dict(sorted(warehouse.sql(_FACTORS.format(restriction)).rows())),
        find_features=lambda: dict(sorted(warehouse.sql(queries.text("model_input/features"), of_it).rows())),
    )


KINDS = ("experiment", "metric", *NAMED)
_EXTENT = "select min(metric_id), max(metric_id), count(*), max(run_id) - min(run_id) + 1 from core.trace"
BOUNDS = "select min(run_id), max(run_id) from core.run where experiment_id = ?"
_FACTORS = "select name, bool_and(numeric_value is not null) from core.run_factor {} group by name"
_OF_EXPERIMENT = "where run_id in (select run_id from core.run where experiment_id = {})"


def fingerprint(warehouse: Source, experiment_id: int) -> str:
    """Return a hash of the states of all sources of the runs, of their benchmarks' best known values and features."""
    facts = warehouse.sql(queries.text("model_input/sources"), {"experiment": experiment_id}).one()
    return hashlib.sha256(str(facts).encode()).hexdigest()
