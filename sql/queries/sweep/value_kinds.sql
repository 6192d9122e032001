-- One row per hyperparameter of a sweep, and whether all its values are numbers.
select p.name, bool_and(p.numeric_value is not null) from core.trial_parameter as p
join core.trial as t using (trial_id) where t.sweep_id = $sweep group by p.name
