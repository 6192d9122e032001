-- One row per policy about failed runs and pair of algorithms: Wilcoxon-Holm when they are left out, last, or imputed.
select policy, "first", "second", mean_rank_first, mean_rank_second, p_adjusted, verdict, block_count, reason
from result.ranking_failure where analysis_run_id = $run order by "first", "second", policy
