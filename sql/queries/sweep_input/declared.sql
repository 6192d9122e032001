-- One row per hyperparameter that the sweep's search space declares.
select name, value_type, scale, lower, upper, step, choices from core.sweep_parameter where sweep_id = $sweep order by name
