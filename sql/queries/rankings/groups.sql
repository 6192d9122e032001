-- One row per method, group of algorithms that do not differ, and algorithm in it.
select method, direction, group_number, algorithm as name, position, mean_rank as estimate
from result.ranking_group where analysis_run_id = $run order by method, group_number, position
