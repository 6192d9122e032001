-- One row per run and metric: its best value at the largest budget that all runs of its benchmark reach (`mart.compared_budget`), and the distance from the best known one; NULL with the reason for a run that failed or ended before.
with wanted as (
  select s.run_id, s.metric_id, coalesce(c.budget, s.last_budget) as budget
  from mart.run_span as s
  left join mart.compared_budget as c
    on c.experiment_id = s.experiment_id and c.benchmark_id = s.benchmark_id and c.metric_id = s.metric_id
)
select
  r.experiment, r.algorithm, r.benchmark, r.seed, r.setting, m.name as metric, m.direction,
  s.first_budget, s.last_budget, v.budget as compared_budget,
  v.value as final_incumbent,
  k.value as best_known,
  mart.regret(mart.loss(v.value, m.direction), mart.loss(k.value, m.direction)) as regret,
  s.point_count, s.unusable_count, v.reason,
  v.run_id, v.metric_id, r.benchmark_id, r.algorithm_id
from mart.value_at(wanted) as v
join mart.run_span as s on s.run_id = v.run_id and s.metric_id = v.metric_id
join mart.run as r on r.run_id = v.run_id
join core.metric as m on m.metric_id = v.metric_id
left join mart.best_known as k on k.benchmark_id = r.benchmark_id and k.metric_id = v.metric_id
