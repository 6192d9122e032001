-- One row per metric, hyperparameter (or level of one) that several sweeps have, and sweep: where its best trials lie.
with found as (
  select a.metric, a.sweep, r.hyperparameter, r.level, r.lower, r.upper, r.lower_from, r.upper_to, r.tried_lower,
    r.tried_upper, r.share, r.share_from, r.share_to, r.tried_share, r.best_count, c.is_log,
    count(distinct a.sweep_id) over (partition by a.metric_id, r.hyperparameter) as sweep_count
  from mart.alike_sweep as a
  join result.sweep_range as r on r.analysis_run_id = a.analysis_run_id and r.metric_id = a.metric_id
  join result.sweep_column as c
    on c.analysis_run_id = a.analysis_run_id and c.metric_id = a.metric_id and c.name = r.hyperparameter
  where a.alike_count > 1 and a.place <= $most and r.reason is null
)
select metric, hyperparameter, level, sweep, lower, upper, lower_from, upper_to, tried_lower, tried_upper, share,
  share_from, share_to, tried_share, best_count, is_log
from found where sweep_count > 1
order by metric, hyperparameter, level nulls first, sweep
