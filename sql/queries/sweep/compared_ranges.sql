-- One row per metric, hyperparameter (or level of one) that several sweeps have, and sweep: where its best trials lie.
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
  select a.metric, a.sweep, r.hyperparameter, r.level, r.lower, r.upper, r.lower_from, r.upper_to, r.tried_lower,
    r.tried_upper, r.share, r.share_from, r.share_to, r.tried_share, r.best_count, c.is_log,
    count(distinct a.sweep_id) over (partition by a.metric_id, r.hyperparameter) as sweep_count
  from alike as a
  join result.sweep_range as r on r.analysis_run_id = a.analysis_run_id and r.metric_id = a.metric_id
  join result.sweep_column as c
    on c.analysis_run_id = a.analysis_run_id and c.metric_id = a.metric_id and c.name = r.hyperparameter
  where a.alike_count > 1 and a.place <= $most and r.reason is null
)
select metric, hyperparameter, level, sweep, lower, upper, lower_from, upper_to, tried_lower, tried_upper, share,
  share_from, share_to, tried_share, best_count, is_log
from found where sweep_count > 1
order by metric, hyperparameter, level nulls first, sweep
