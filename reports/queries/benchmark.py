"""SQL of the benchmark pages; `$benchmark` is an id, `$run` one or several analysis runs."""

from __future__ import annotations

from hpowh.warehouse.names import identifier

NAMES = """
select b.benchmark_id, b.name,
  (select count(*) from core.run as r where r.benchmark_id = b.benchmark_id) as run_count
from core.benchmark as b
order by b.name
"""

LANDSCAPES = """
with measured as (
  select distinct t.metric_id
  from core.trace as t
  join core.run as r on r.run_id = t.run_id
  where r.benchmark_id = $benchmark
)
select l.search_space, l.metric, l.direction,
  case l.direction when 'max' then 'higher' else 'lower' end as better, l.split, l.fidelity,
  l.configuration_count, l.cardinality,
  l.evaluation_count, l.ok_count, l.seed_count, l.search_space_id, l.metric_id
from mart.landscape as l
left join measured as m on m.metric_id = l.metric_id
where l.benchmark_id = $benchmark
order by m.metric_id is null, regexp_matches(lower(l.metric), 'time|latency|size|cost|flops|memory|param'),
  l.metric, l.search_space, list_position(['valid', 'test', 'train'], l.split), l.fidelity desc nulls first
"""
"""What runs optimise comes first, costs come last."""

FEATURES = """
select name, coalesce(text_value, cast(numeric_value as varchar)) as value
from core.benchmark_feature
where benchmark_id = $benchmark
order by name
"""

HISTOGRAM = """
with node as (
  select metric_id, metric, search_space, split, fidelity, value
  from mart.landscape_node
  where benchmark_id = $benchmark and value is not null
),
span as (
  select metric_id, search_space, split, fidelity, min(value) as low, max(value) as high, median(value) as middle,
    count(*) as configuration_count, min(value) > 0 and max(value) > 100 * min(value) as is_log
  from node
  group by metric_id, search_space, split, fidelity
),
binned as (
  select n.metric, n.search_space, n.split, n.fidelity, s.low, s.high, s.middle, s.configuration_count, s.is_log,
    case
      when s.high = s.low then 0
      when s.is_log then least(49, floor(50 * ln(n.value / s.low) / ln(s.high / s.low)))
      else least(49, floor(50 * (n.value - s.low) / (s.high - s.low)))
    end as bin
  from node as n
  join span as s
    on s.metric_id = n.metric_id and s.search_space = n.search_space and s.split = n.split
    and s.fidelity is not distinct from n.fidelity
)
select metric, search_space, split, fidelity, is_log,
  case when is_log then low * power(high / low, bin / 50) else low + (high - low) * bin / 50 end as lower_edge,
  case when is_log then low * power(high / low, (bin + 1) / 50) else low + (high - low) * (bin + 1) / 50 end
    as upper_edge,
  count(*) as configurations, low as lowest, middle as median, high as highest, configuration_count
from binned
group by metric, search_space, split, fidelity, is_log, bin, low, high, middle, configuration_count
order by metric, search_space, split, fidelity, bin
"""

HYPERPARAMETERS = """
select position, name, value_type from core.hyperparameter where search_space_id = $space order by position
"""

SUMMARY = """
select e.name as experiment, s.setting, a.name as algorithm, m.name as metric, m.direction, x.scale, s.budget,
  s.run_count, s.incumbent_median, s.incumbent_q25, s.incumbent_q75, s.regret_median, s.regret_q25, s.regret_q75
from result.trace_summary as s
join ops.analysis_run as o on o.analysis_run_id = s.analysis_run_id
join core.experiment as e on e.name = o.subject
join result.trace_axis as x
  on x.analysis_run_id = s.analysis_run_id and x.benchmark_id = s.benchmark_id and x.metric_id = s.metric_id
join core.algorithm as a on a.algorithm_id = s.algorithm_id
join core.metric as m on m.metric_id = s.metric_id
where s.analysis_run_id = $run and s.benchmark_id = $benchmark
order by e.name, s.setting, m.name, a.algorithm_id, s.budget
"""

FINAL = """
select e.name as experiment, r.setting, r.algorithm, m.name as metric, m.direction, count(*) as runs,
  median(g.final_incumbent) as median_final,
  case m.direction when 'max' then max(g.final_incumbent) else min(g.final_incumbent) end as best_final,
  avg(g.final_normalized_regret) as mean_regret, avg(g.final_rank) as mean_rank,
  count(g.final_incumbent) as runs_with_value
from result.run_regret as g
join mart.run as r on r.run_id = g.run_id
join core.experiment as e on e.experiment_id = r.experiment_id
join core.metric as m on m.metric_id = g.metric_id
where g.analysis_run_id = $run and r.benchmark_id = $benchmark
group by e.name, r.setting, r.algorithm, m.name, m.direction
order by e.name, r.setting, m.name, mean_rank
"""


def best_configurations(hyperparameters: list[tuple[int, str, str]]) -> str:
    """Return the SQL of the best configurations, one column a hyperparameter (named `hp<position>`).

    Args:
        hyperparameters: position, name and value type of each.
    """
    columns = []
    for position, name, value_type in hyperparameters:
        field = {"int": "cast(l.numeric_value as bigint)", "float": "l.numeric_value"}.get(value_type, "l.label")
        columns.append(
            f"max({field}) filter (where h.position = {position}) as {identifier(column_name(position, name))}"
        )
    listed = "".join(f",\n  {column}" for column in columns)
    return f"""
with best as (
  select search_space_id, configuration_id, value, loss, value_sd, ok_count
  from mart.landscape_node
  where benchmark_id = $benchmark and search_space_id = $space and metric_id = $metric and split = $split
    and fidelity is not distinct from $fidelity and value is not null
  order by loss, configuration_id
  limit 25
)
select row_number() over (order by b.loss, b.configuration_id) as place, b.value as mean_value, b.value_sd, b.ok_count,
  b.configuration_id{listed}
from best as b
join core.hyperparameter as h on h.search_space_id = b.search_space_id
join core.hyperparameter_level as l
  on l.search_space_id = h.search_space_id and l.position = h.position
  and l.level = (b.configuration_id // h.stride) % h.cardinality
group by b.configuration_id, b.value, b.loss, b.value_sd, b.ok_count
order by place
"""


TAKEN = ("place", "mean_value", "value_sd", "ok_count", "configuration_id")


def column_name(position: int, name: str) -> str:
    """Return a hyperparameter's column in `best_configurations`: its name, unless another column has it."""
    return f"hp{position}" if name.lower() in TAKEN else name
