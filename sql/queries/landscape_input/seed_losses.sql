-- One row per seed and configuration of a landscape: the mean of its usable losses over folds.
select e.seed, e.configuration_id, favg(case when m.direction = 'max' then -e.value else e.value end) as loss
from core.evaluation as e
join core.metric as m on m.metric_id = e.metric_id
where e.search_space_id = $space and e.benchmark_id = $benchmark and e.metric_id = $metric and e.split = $split
  and e.fidelity is not distinct from $fidelity and e.value is not null and e.seed is not null
group by e.seed, e.configuration_id
order by e.seed, e.configuration_id
