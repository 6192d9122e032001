-- One row per landscape whose noise floor is known (at most one): its local optima, and how many are deeper than the floor.
with floor as (
  select n.noise_floor
  from result.landscape_subject as s
  join result.landscape_noise as n
    on n.search_space_id = s.search_space_id and n.benchmark_id = s.benchmark_id and n.metric_id = s.metric_id
    and n.split = s.split and n.fidelity is not distinct from s.fidelity
  where s.analysis_run_id = $run and s.seed is null and n.noise_floor is not null
  order by n.analysis_run_id desc
  limit 1
)
select
  any_value(f.noise_floor) as noise_floor, count(*) as optimum_count,
  count(*) filter (where o.persistence is null or o.persistence > f.noise_floor) as above_count
from result.landscape_optimum as o
cross join floor as f
where o.analysis_run_id = $run
having count(*) = 1 or count(o.persistence) > 0
