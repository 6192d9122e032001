-- One row per test of all algorithms together.
select test, statistic, df1, df2, p_value, critical_difference, block_count, dropped_count, reason
from result.ranking_test where analysis_run_id = $run
