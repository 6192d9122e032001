-- One row per benchmark and configuration: the mean of its values as recorded, over equal units (NULL where it has none), and how many values and units it has.
with unit as (
  select benchmark_id, seed, fold, effect, unit_count from mart.landscape_unit
  where search_space_id = $space and benchmark_id in (select unnest($benchmarks)) and metric_id = $metric and split = $split
    and fidelity is not distinct from $fidelity
)
select
  e.benchmark_id, e.configuration_id, mart.unit_mean(e.value, u.effect, u.unit_count, 0.0) as value,
  count(e.value) as ok_count, any_value(u.unit_count) as unit_count
from core.evaluation as e
left join unit as u
  on u.benchmark_id = e.benchmark_id and u.seed is not distinct from e.seed and u.fold is not distinct from e.fold
where e.search_space_id = $space and e.benchmark_id in (select unnest($benchmarks)) and e.metric_id = $metric
  and e.split = $split and e.fidelity is not distinct from $fidelity
group by e.benchmark_id, e.configuration_id
order by e.benchmark_id, e.configuration_id
