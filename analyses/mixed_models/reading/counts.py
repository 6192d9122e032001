"""The SQL of smaller questions about a selection: rows a run, levels of factors, common budgets, values at budgets."""

from __future__ import annotations

from collections.abc import Iterable

from hpowh.analyses.mixed_models.reading.catalogue import Selection, identifier
from hpowh.analyses.mixed_models.reading.observations import direction_in, observations, response_of, runs_query


def repeats_query(overview: str) -> str:
    """Return how many rows the run with the most rows has, from the table of `overview_query`."""
    return f"select max(rows) from {overview}"


def level_counts_query(selection: Selection, response: str) -> tuple[str, list[str]]:
    """Return the query for the levels of `seed`, every factor and meta-feature in a selection, and these names.

    Each name has its number of levels; before them stands how many rows there are.
    """
    names = ["seed", *selection.catalogue.factors, *selection.catalogue.features]
    counts = [f"count(distinct {identifier(name)})" for name in names]
    return f"select {', '.join(['count(*)', *counts])} from ({_runs_of(selection, response, names)})", names


def within_query(selection: Selection, response: str) -> tuple[str, list[str]]:
    """Return the query for whether each run factor differs within a benchmark, then for its levels, and the names."""
    names = list(selection.catalogue.factors)
    counts = ", ".join(f"count(distinct {identifier(name)}) as n{i}" for i, name in enumerate(names))
    base = _runs_of(selection, response, ["benchmark", *names])
    differs = ", ".join(f"coalesce(bool_or(n{i} > 1), false)" for i in range(len(names)))
    levels = ", ".join(f"count(distinct {identifier(name)})" for name in names)
    return (
        f"with base as materialized ({base}) "
        f"select a.*, b.* from (select {differs} from (select {counts} from base group by benchmark_id)) as a "
        f"cross join (select {levels} from base) as b"
    ), names


def _runs_of(selection: Selection, response: str, names: Iterable[str]) -> str:
    """Return columns of the runs of a selection."""
    catalogue, metric = selection.catalogue, response_of(response, selection)[1]
    if selection.where:
        return observations(selection, metric, names)
    # Without a condition the runs tell; their points need only be there.
    metric_ids = [str(catalogue.metrics[part][0]) for part in catalogue.parts(metric)]
    return (
        f"select q.* from ({runs_query(catalogue, set(names), set())}) as q semi join core.trace as t "
        f"on t.run_id = q.run_id and t.metric_id in ({', '.join(metric_ids)})"
    )


def direction_query(selection: Selection, response: str) -> str:
    """Return some rows' `block` (benchmark), measured `value` and response `v`: do the two rise together?"""
    text, metric = response_of(response, selection)
    base = observations(selection, metric, ("benchmark",), text, response)
    rows = f"select benchmark_id as block, value, ({text})::double as v from ({base})"
    return f"from ({rows}) where isfinite(value + v) limit 4096"


def common_budgets_query(selection: Selection) -> str:
    """Return the budgets at which every run of the selection has a value."""
    base = observations(selection, selection.catalogue.metric(selection.metric), ())
    return f"""with point as (select run, budget from ({base}) where isfinite(value))
select budget from point group by budget
having count(*) >= (select count(distinct run) from point) order by budget"""


def values_query(selection: Selection, factor: str) -> str:
    """Return each run's best loss until every budget of the table `budget_grid` (column g), a row a run and budget.

    As in `mart.value_at`, a run has no value at a budget before which it ended.
    """
    catalogue = selection.catalogue
    catalogue.is_numeric(factor)
    metric = catalogue.metric(selection.metric)
    others = [name for name in catalogue.factors if name != factor]
    base = observations(selection, metric, {"algorithm", "benchmark", "seed", factor, *others}, "algorithm benchmark")
    sign = "-" if direction_in(catalogue, metric) == "max" else ""
    block = " || '|' || ".join(f"coalesce({identifier(name)}::varchar, '')" for name in ("seed", *others))
    return f"""with point as (
  select run, any_value(algorithm) as algorithm, any_value(benchmark) as benchmark,
    any_value({identifier(factor)}::varchar) as level, any_value({block}) as block, g.g, min({sign}d.value) as loss
  from ({base}) as d asof join budget_grid as g on d.budget <= g.g where isfinite(d.value) group by run, g.g
)
select p.algorithm, p.benchmark, p.level, p.block, p.run, g.g, min(p.loss) as loss
from point as p
join mart.run_span as s on s.run_id = p.run and {catalogue.of_metric("s", metric)}
join budget_grid as g on p.g <= g.g and g.g <= s.last_budget
group by all order by run, g.g"""
