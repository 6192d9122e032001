-- One row per kind of cost and configuration of a landscape: its mean; the cost recorded with the evaluations, and each metric to be minimised that has a unit other than a share.
select 'cost' as name, configuration_id, avg(cost) as cost
from core.evaluation
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split
  and fidelity is not distinct from $fidelity and cost is not null
group by configuration_id
union all
select m.name, e.configuration_id, avg(e.value)
from core.evaluation as e
join core.metric as m on m.metric_id = e.metric_id
where e.search_space_id = $space and e.benchmark_id = $benchmark and e.fidelity is not distinct from $fidelity
  and m.metric_id <> $metric and m.direction = 'min' and m.unit not in ('share', 'percent') and e.value is not null
group by m.name, e.configuration_id
order by 1, 2
