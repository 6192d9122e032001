-- One row per metric, hyperparameter that several sweeps have, and sweep.
with newest as (
  select subject, max(analysis_run_id) as analysis_run_id
  from ops.analysis_run where job = 'sweeps' and subject in (select subject from (
select s.sweep_id,
  case when count(*) over (partition by s.name) > 1 then s.name || ' (' || o.name || ')' else s.name end as subject,
  s.name, exists (select 1 from core.run as r where r.sweep_id = s.sweep_id) as is_run
from core.sweep as s join core.source as o using (source_id)
order by subject, s.sweep_id
)) group by subject
),
alike as (
  select n.subject as sweep, n.analysis_run_id, s.sweep_id, s.metric_id, m.name as metric, m.direction, s.best_value,
    s.used_count, s.best_trial_id, count(*) over (partition by s.metric_id) as alike_count,
    row_number() over (partition by s.metric_id order by s.used_count desc, n.subject) as place
  from newest as n
  join result.sweep_summary as s using (analysis_run_id)
  join core.metric as m using (metric_id)
  where s.used_count > 0
)
,
found as (
  select a.metric, a.sweep, i.hyperparameter, i.importance, i.deviation, i.place, i.r_squared, i.verdict,
    count(*) over (partition by a.metric_id, i.hyperparameter) as sweep_count,
    max(i.importance) over (partition by a.metric_id, i.hyperparameter) as largest
  from alike as a
  join result.sweep_importance as i
    on i.analysis_run_id = a.analysis_run_id and i.metric_id = a.metric_id and i.method = 'permutation'
  where a.alike_count > 1 and a.place <= $most and i.importance is not null
)
select metric, hyperparameter, sweep, importance, deviation, place, sweep_count, r_squared, verdict
from found where sweep_count > 1
order by metric, largest desc, hyperparameter, sweep
