-- One row per policy about failed runs and pair of levels: the contrast when they are left out, last, or imputed.
select policy, setting, "first", "second", estimate, lower, upper, p_adjusted, verdict, row_count, failed_count, reason
from result.lmem_failure where analysis_run_id = $run order by setting, "first", "second", policy
