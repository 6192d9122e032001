-- One row per warehouse (exactly one): the most analysed sweeps that have a metric in common, NULL where there is no sweep.
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
select max(alike_count) from alike
