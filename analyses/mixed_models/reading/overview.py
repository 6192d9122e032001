"""One look at the rows of a selection, by run: what the smaller questions about them need is in these few rows.

Each question by itself would read and join every point of the experiment again.
"""

from __future__ import annotations

from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.observations import observations, runs_query

_SUMS = """count(*) as rows, count(value) as usable, count(_v) as finite, min(_v) as low, max(_v) as high,
  sum(_b) as budgets, min(_b) as first_budget, max(budget) as last_budget"""
_PARTS = "*, case when isfinite(value) then value end as _v, case when value is not null then budget end as _b"
"""Once for each row: a condition on every sum takes longer than all sums."""


def overview_query(selection: Selection, metric: str, runs_between: tuple[int, int]) -> str:
    """Return one row a run: ids, its rows, how many are usable (not NULL) and finite, their bounds, its budgets.

    `budgets` is the sum of the usable rows' budgets.

    Args:
        runs_between: the least and the greatest `run_id` of the experiment, so that others' points are not read.
    """
    catalogue = selection.catalogue
    if selection.budget is not None or selection.where or metric not in catalogue.metrics:
        base = observations(selection, metric, {"algorithm", "benchmark", "budget"})
        ids = "any_value(algorithm_id) as algorithm_id, any_value(benchmark_id) as benchmark_id"
        return f"select run, {ids}, {_SUMS} from (select {_PARTS} from ({base})) group by run"
    metric_id, _ = catalogue.metrics[metric]
    # Summed before the runs' columns are joined: these are then joined once for each run.
    low, high = runs_between
    points = (
        f"select run_id as run, budget, value from core.trace where metric_id = {metric_id} "
        f"and run_id between {low} and {high}"
    )
    runs = runs_query(catalogue, {"algorithm", "benchmark"}, set())
    summed = f"select run, {_SUMS} from (select {_PARTS} from ({points})) group by run"
    return (
        f"select s.run, q.algorithm_id, q.benchmark_id, s.* exclude (run) from ({summed}) as s "
        f"join ({runs}) as q on q.run_id = s.run"
    )
