-- One row per trial and hyperparameter that the trial has a value of.
select p.trial_id, p.name, p.numeric_value, p.text_value
from core.trial as t join core.trial_parameter as p using (trial_id)
where t.sweep_id = $sweep order by p.name, p.trial_id
