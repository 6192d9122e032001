-- One row per run and metric: its first and last recorded budget and its points (a table of the session: `traces_span`).
create or replace temp table traces_span as
select
  t.run_id, t.metric_id, any_value(r.algorithm_id) as algorithm_id, any_value(r.benchmark_id) as benchmark_id,
  any_value(r.seed) as seed, any_value(r.setting) as setting,
  any_value(case m.direction when 'max' then -1 else 1 end) as sign,
  min(t.budget) filter (where t.value is not null) as first_budget,
  max(t.budget) as last_budget,
  count(*) as point_count,
  count(*) filter (where t.value is null) as unusable_count
from core.trace as t
join traces_run as r on r.run_id = t.run_id
join core.metric as m on m.metric_id = t.metric_id
group by t.run_id, t.metric_id
