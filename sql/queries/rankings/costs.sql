-- One row per algorithm: the blocks it is missing in, and how many are complete with and without it.
select algorithm, missing_count, alone_count, complete_count, complete_without, block_count
from result.ranking_cost where analysis_run_id = $run order by alone_count desc, missing_count desc, algorithm
