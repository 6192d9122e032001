-- One row per metric, hyperparameter that several sweeps have, and sweep.
with found as (
  select a.metric, a.sweep, i.hyperparameter, i.importance, i.deviation, i.place, i.r_squared, i.verdict,
    count(*) over (partition by a.metric_id, i.hyperparameter) as sweep_count,
    max(i.importance) over (partition by a.metric_id, i.hyperparameter) as largest
  from mart.alike_sweep as a
  join result.sweep_importance as i
    on i.analysis_run_id = a.analysis_run_id and i.metric_id = a.metric_id and i.method = 'permutation'
  where a.alike_count > 1 and a.place <= $most and i.importance is not null
)
select metric, hyperparameter, sweep, importance, deviation, place, sweep_count, r_squared, verdict
from found where sweep_count > 1
order by metric, largest desc, hyperparameter, sweep
