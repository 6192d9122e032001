-- One row per setting that separates trials that failed, diverged or were pruned.
select outcome, setting, bad_count, trial_count, other_bad_count, other_count, p_adjusted
from result.sweep_failure where analysis_run_id = $run and metric_id = $metric order by outcome, position
