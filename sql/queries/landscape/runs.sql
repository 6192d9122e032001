-- One row per algorithm: where its runs on the landscape ended, in the mean.
select
  a.name as algorithm, count(*) as runs, avg(r.global_basin_share) as global_basin_share,
  avg(r.is_final_global_basin::int) as ended_in_global_basin, avg(r.is_final_optimum::int) as ended_in_optimum,
  median(r.final_regret) as median_regret, avg(r.basin_count) as mean_basin_count
from result.landscape_run as r
join core.algorithm as a on a.algorithm_id = r.algorithm_id
where r.analysis_run_id = $run
group by a.name order by median_regret nulls last, a.name
