-- One row per algorithm and basin in which runs of it ended.
with ended as (
  select a.algorithm_id, a.name as algorithm, r.final_basin_id, count(*) as runs
  from result.landscape_run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  where r.analysis_run_id = $run and r.final_basin_id is not null
  group by a.algorithm_id, a.name, r.final_basin_id
),
placed as (
  select configuration_id, $sign * loss as value, basin_size, is_global,
    basin_size / sum(basin_size) over () as basin_share, rank() over (order by loss) as optimum_place
  from result.landscape_optimum where analysis_run_id = $run
)
select e.algorithm, e.final_basin_id as optimum, e.runs, p.optimum_place, p.value, p.basin_size, p.basin_share,
  p.is_global, (sum(e.runs) over (partition by e.final_basin_id))::integer as all_runs
from ended as e
left join placed as p on p.configuration_id = e.final_basin_id
order by p.optimum_place nulls last, e.final_basin_id, e.algorithm_id
