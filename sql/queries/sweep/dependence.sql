-- One row per hyperparameter and point of its partial dependence.
select hyperparameter, position, numeric_value, level, mean, lower, upper
from result.sweep_dependence where analysis_run_id = $run and metric_id = $metric order by hyperparameter, position
