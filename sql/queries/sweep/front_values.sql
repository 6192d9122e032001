-- One row per suggestion for the front and hyperparameter, with what the sweep declares of it.
select s.suggestion, s.hyperparameter, s.numeric_value, s.text_value, p.value_type, p.choices
from result.sweep_front_suggestion as s
left join core.sweep_parameter as p on p.sweep_id = $sweep and p.name = s.hyperparameter
where s.analysis_run_id = $run
order by s.suggestion, s.hyperparameter
