-- One row per run and metric: its first usable and its last recorded budget, and how many of its points are usable.
select
  r.run_id, t.metric_id, r.experiment_id, r.benchmark_id, r.algorithm_id,
  min(t.budget) filter (where t.value is not null) as first_budget,
  max(t.budget) as last_budget,
  count(*) as point_count,
  count(*) filter (where t.value is null) as unusable_count
from core.trace as t
join core.run as r on r.run_id = t.run_id
group by r.run_id, t.metric_id, r.experiment_id, r.benchmark_id, r.algorithm_id
