-- One row per pair of hyperparameters: how much they vary together among the trials.
select hyperparameter_a, hyperparameter_b, method, coefficient, is_confounded, trial_count
from result.sweep_confounding where analysis_run_id = $run and metric_id = $metric order by abs(coefficient) desc
