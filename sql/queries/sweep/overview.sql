-- One row per analysed sweep and metric, by its newest analysis.
with newest as (
  select subject, analysis_run_id from mart.newest_run
  where job = 'sweeps' and subject in (select subject from mart.current_sweep)
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
