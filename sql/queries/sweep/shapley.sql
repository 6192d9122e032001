-- One row per trial and hyperparameter, of the eight with the largest mean absolute Shapley value.
with ranked as (
  select s.hyperparameter, t.number as trial, s.value, coalesce(p.numeric_value::text, p.text_value) as setting,
    case when count(p.numeric_value) over one = count(p.name) over one and p.name is not null
      then percent_rank() over (partition by s.hyperparameter order by p.numeric_value) end as height
  from result.sweep_shapley as s
  join core.trial as t on t.trial_id = s.trial_id and t.sweep_id = $sweep
  left join core.trial_parameter as p on p.trial_id = s.trial_id and p.name = s.hyperparameter
  where s.analysis_run_id = $run and s.metric_id = $metric
  window one as (partition by s.hyperparameter)
),
weighed as (select *, avg(abs(value)) over (partition by hyperparameter) as importance from ranked)
select hyperparameter, trial, value, setting, height, importance
from weighed
qualify dense_rank() over (order by importance desc, hyperparameter) <= 8
order by importance desc, hyperparameter, trial
