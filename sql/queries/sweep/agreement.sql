-- One row per pair of methods: how alike they order the hyperparameters.
select method_a, method_b, hyperparameter_count, tau, is_same_first, reason
from result.sweep_agreement where analysis_run_id = $run and metric_id = $metric order by tau desc nulls last
