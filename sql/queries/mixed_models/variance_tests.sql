-- One row per model and question of equal variances.
select model, question, method, statistic, df1, df2, p_value, is_used, reason
from result.lmem_variance_test where analysis_run_id = $run order by model, question desc
