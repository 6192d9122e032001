-- One row per sweep, metric and trial that set a record, and each sweep's last.
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
valued as (
  select a.sweep, a.metric, a.direction, a.used_count, row_number() over one as trial,
    case a.direction when 'min' then min(v.value) over one else max(v.value) over one end as best
  from alike as a
  join core.trial as t on t.sweep_id = a.sweep_id and t.status = 'finished'
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = a.metric_id and v.step is null and v.status = 'ok'
  where a.alike_count > 1 and a.place <= $most
  window one as (partition by a.sweep_id, a.metric_id order by t.number rows unbounded preceding)
),
records as (
  select *, best is distinct from lag(best) over (partition by sweep, metric order by trial) as is_record from valued
)
select sweep, metric, direction, trial, best from records where is_record or trial = used_count
order by metric, sweep, trial
