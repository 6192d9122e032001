-- One row per edge among the first 150 local optima, of each optimum the three likeliest.
with kept as (
  select configuration_id, loss from result.landscape_optimum
  where analysis_run_id = $run
  order by is_global desc, basin_size desc, configuration_id limit 150
)
select e.from_id, e.to_id, e.probability, b.loss < a.loss as is_improving
from result.landscape_lon_edge as e
join kept as a on a.configuration_id = e.from_id
join kept as b on b.configuration_id = e.to_id
where e.analysis_run_id = $run and e.perturbation = 2
qualify row_number() over (partition by e.from_id order by e.probability desc, b.loss, e.to_id) <= 3
order by e.from_id, e.to_id
