-- One row per column of the published analysis, in the order of its design matrix.
select hyperparameter, level, correlation, coefficient, standard_error, t, p, importance, deviation
from result.sweep_published
where analysis_run_id = $run and metric_id = $metric
order by position
