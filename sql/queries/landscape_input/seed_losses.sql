-- One row per seed and configuration of a landscape: the mean of its losses over equal folds, NULL where it has none.
with unit as (
  select seed, fold, effect, seed_unit_count, seed_effect from mart.landscape_unit
  where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
)
select
  e.seed, e.configuration_id,
  mart.loss(mart.unit_mean(e.value, u.effect, u.seed_unit_count, u.seed_effect), any_value(m.direction)) as loss,
  count(e.value) as ok_count, any_value(u.seed_unit_count) as unit_count
from core.evaluation as e
join core.metric as m on m.metric_id = e.metric_id
left join unit as u on u.seed is not distinct from e.seed and u.fold is not distinct from e.fold
where e.search_space_id = $space and e.benchmark_id = $benchmark and e.metric_id = $metric and e.split = $split
  and e.fidelity is not distinct from $fidelity and e.seed is not null
group by e.seed, e.configuration_id
having count(e.value) > 0
order by e.seed, e.configuration_id
