-- One row per run and metric: its first and last recorded budget and its points (a table of the session: `traces_span`).
create or replace temp table traces_span as
select
  s.run_id, s.metric_id, s.experiment_id, s.algorithm_id, s.benchmark_id, r.seed, r.setting,
  case m.direction when 'max' then -1 else 1 end as sign, m.direction,
  s.first_budget, s.last_budget, s.point_count, s.unusable_count
from mart.run_span as s
join traces_run as r on r.run_id = s.run_id
join core.metric as m on m.metric_id = s.metric_id
