-- One row per condition or forbidden clause that the sweep's search space declares.
select kind, hyperparameter, definition from core.sweep_constraint where sweep_id = $sweep order by position
