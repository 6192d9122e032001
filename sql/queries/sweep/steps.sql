-- One row per step: how well the values there foretell the final ones.
select step, trial_count, spearman, lower, upper, kept_share, reason
from result.sweep_step where analysis_run_id = $run and metric_id = $metric order by step
