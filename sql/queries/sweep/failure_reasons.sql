-- One row per reason that failed trials give.
select outcome, reason, trial_count
from result.sweep_failure_reason where analysis_run_id = $run and metric_id = $metric order by outcome, position
