-- One row per sanity check of the analysis run.
select preset, subject, verdict, p_value, p_adjusted, statistic, df1, df2, reason, test, null_formula, full_formula
from result.lmem_preset where analysis_run_id = $run
