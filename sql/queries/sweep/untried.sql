-- One row per combination of two hyperparameters' parts that no trial tried though some were expected.
select hyperparameter_a, part_a, hyperparameter_b, part_b, expected
from result.sweep_untried where analysis_run_id = $run and metric_id = $metric order by expected desc
