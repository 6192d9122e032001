-- One row per measurement on a landscape that has a value; a unit is one seed and fold.
select e.configuration_id, dense_rank() over (order by e.seed, e.fold) - 1 as unit,
  case when m.direction = 'max' then -e.value else e.value end as loss
from core.evaluation as e
join core.metric as m on m.metric_id = e.metric_id
where e.search_space_id = $space and e.benchmark_id = $benchmark and e.metric_id = $metric and e.split = $split
  and e.fidelity is not distinct from $fidelity and e.value is not null
