-- One row per benchmark of the warehouse: how many of an experiment's algorithms ran on it, its numeric meta-features.
with mine as (
  select r.benchmark_id, count(distinct r.algorithm_id) as ran
  from core.run as r join core.experiment as x on x.experiment_id = r.experiment_id
  where x.name = $subject group by all
),
feature as (
  select benchmark_id, list(name order by name) as names, list(numeric_value order by name) as numbers
  from core.benchmark_feature where numeric_value is not null group by all
)
select b.name as benchmark, coalesce(m.ran, 0) as ran, f.names, f.numbers
from core.benchmark as b
left join mine as m on m.benchmark_id = b.benchmark_id
left join feature as f on f.benchmark_id = b.benchmark_id
order by b.name
