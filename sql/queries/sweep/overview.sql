-- One row per analysed sweep and metric, by its newest analysis.
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
first as (
  select analysis_run_id, metric_id, hyperparameter, r_squared, verdict
  from result.sweep_importance where method = 'permutation' and place = 1
)
select n.subject as sweep, m.name as metric, m.direction, s.trial_count, s.used_count, s.best_value,
  case when f.verdict in ('usable', 'weak') then f.hyperparameter end as most_important, f.r_squared,
  coalesce(f.verdict, 'unknown') as verdict, s.reason
from newest as n
join result.sweep_summary as s using (analysis_run_id)
join core.metric as m using (metric_id)
left join first as f on f.analysis_run_id = n.analysis_run_id and f.metric_id = s.metric_id
order by sweep, s.metric_id
