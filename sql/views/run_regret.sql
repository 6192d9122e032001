-- One row per run and metric: its best value at its own last budget, and the distance from the best known one.
with ended as (
  select
    t.run_id, t.metric_id,
    min(t.budget) filter (where t.value is not null) as first_budget,
    max(t.budget) as last_budget,
    min(t.value) as lowest, max(t.value) as highest,
    count(*) as point_count,
    count(*) filter (where t.status <> 'ok') as unusable_count
  from core.trace as t
  group by t.run_id, t.metric_id
)
select
  r.experiment, r.algorithm, r.benchmark, r.seed, r.setting, m.name as metric, m.direction,
  e.first_budget, e.last_budget,
  case m.direction when 'max' then e.highest else e.lowest end as final_incumbent,
  k.value as best_known,
  case m.direction when 'max' then k.value - e.highest else e.lowest - k.value end as regret,
  e.point_count, e.unusable_count,
  case when e.first_budget is null then 'no usable value' end as reason,
  e.run_id, e.metric_id, r.benchmark_id, r.algorithm_id
from ended as e
join mart.run as r on r.run_id = e.run_id
join core.metric as m on m.metric_id = e.metric_id
left join mart.best_known as k on k.benchmark_id = r.benchmark_id and k.metric_id = e.metric_id
