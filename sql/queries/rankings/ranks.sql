-- One row per algorithm: its mean rank.
select position, algorithm, mean_rank, mean_value, median_value, block_count
from result.ranking_algorithm where analysis_run_id = $run order by position
