-- One row per algorithm and hundredth of its evaluations: the place, from 0 to 1, that so many reach.
with node as (
  select configuration_id, basin_id, rank() over (order by loss) / count(*) over () as place,
    loss = min(loss) over () as is_best
  from result.landscape_node where analysis_run_id = $run
),
global_basin as (
  select distinct basin_id from node where is_best
),
trial as (
  select a.algorithm_id, a.name as algorithm, t.number, n.place, n.basin_id in (from global_basin) as is_inside
  from result.landscape_run as r
  join core.run as w on w.run_id = r.run_id
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  join core.trial as t on t.sweep_id = w.sweep_id and t.status = 'finished'
  join node as n on n.configuration_id = t.configuration_id
  where r.analysis_run_id = $run
)

select algorithm, count(*) as evaluations,
  unnest(range(0, 101)) / 100 as share,
  unnest(quantile_disc(place, list_transform(range(0, 101), lambda q: q / 100))) as place
from trial group by algorithm_id, algorithm order by algorithm_id, share
