-- One row per pair of hyperparameters that interact in the model.
select hyperparameter, hyperparameter_b, importance, deviation
from result.sweep_importance
where analysis_run_id = $run and metric_id = $metric and method = 'fanova_pair' order by place
