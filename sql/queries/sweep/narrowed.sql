-- One row per used number, or level of a category: where the best configurations lie, and how the sweep declares it.
select r.hyperparameter, r.level, r.lower_from, r.upper_to, r.tried_lower, r.tried_upper, r.share, c.is_log,
  p.value_type, p.choices,
  (select bool_and(v.numeric_value = round(v.numeric_value)) from core.trial as t
    join core.trial_parameter as v using (trial_id) where t.sweep_id = $sweep and v.name = r.hyperparameter) as is_whole
from result.sweep_range as r
join result.sweep_column as c
  on c.analysis_run_id = r.analysis_run_id and c.metric_id = r.metric_id and c.name = r.hyperparameter
left join core.sweep_parameter as p on p.sweep_id = $sweep and p.name = r.hyperparameter
where r.analysis_run_id = $run and r.metric_id = $metric and r.reason is null
order by c.position, r.share desc nulls last, r.level
