-- One row per hyperparameter that had one value in all trials that have it: that value, and how the sweep declares it.
select c.name as hyperparameter, any_value(v.numeric_value) as numeric_value, any_value(v.text_value) as text_value,
  any_value(p.value_type) as value_type, any_value(p.choices) as choices
from result.sweep_column as c
join core.trial as t on t.sweep_id = $sweep
join core.trial_parameter as v on v.trial_id = t.trial_id and v.name = c.name
left join core.sweep_parameter as p on p.sweep_id = $sweep and p.name = c.name
where c.analysis_run_id = $run and c.metric_id = $metric and c.role = 'constant'
group by c.name
having count(distinct v.text_value) = 1
order by c.name
