-- One row per algorithm and tenth of the trials' numbers: the median place, and the share in a best basin.
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

, part as (
  select *, least(9, floor(10 * number / (1 + max(number) over ())))::integer as part from trial
)
select algorithm, part, min(number) + 1 as first_trial, max(number) + 1 as last_trial, count(*) as evaluations,
  median(place) as median_place, avg(is_inside::integer) as share_inside
from part group by algorithm_id, algorithm, part order by algorithm_id, part
