-- One row per optimiser run on the landscape.
select a.name as algorithm, r.run_id, r.seed, r.trial_count, r.distinct_count, r.basin_count, r.global_basin_share,
  r.final_regret, r.is_final_global_basin, r.is_final_optimum, r.reason
from result.landscape_run as r
join core.algorithm as a on a.algorithm_id = r.algorithm_id
where r.analysis_run_id = $run
order by a.algorithm_id, r.seed nulls last, r.run_id
