-- One row per analysis run: how often shuffled labels gave a difference.
select formula_fitted, level, replicate_count, failed_count, rejected_count, rate, lower, upper, reason
from result.lmem_calibration where analysis_run_id = $run
