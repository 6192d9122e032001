-- One row per kind of budget: how values go with it.
select kind, trial_count, spearman, lower, upper, p, least, most, reason
from result.sweep_budget where analysis_run_id = $run and metric_id = $metric order by kind
