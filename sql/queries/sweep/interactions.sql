-- One row per pair of hyperparameters, by level where they have any: the partial correlation of their product.
select hyperparameter_a, level_a, hyperparameter_b, level_b, partial_correlation, p_adjusted
from result.sweep_interaction where analysis_run_id = $run and metric_id = $metric order by p_adjusted
