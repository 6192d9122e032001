-- One row per point of the partial dependence of a pair of hyperparameters.
select hyperparameter_a, hyperparameter_b, position_a, position_b, numeric_a, numeric_b, level_a, level_b, mean
from result.sweep_surface where analysis_run_id = $run and metric_id = $metric order by position_b, position_a
