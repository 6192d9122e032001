-- One row per benchmark and configuration: the mean of its values as recorded, NULL where it has none.
select benchmark_id, configuration_id, favg(value) as value
from core.evaluation
where search_space_id = $space and benchmark_id in (select unnest($benchmarks)) and metric_id = $metric and split = $split
  and fidelity is not distinct from $fidelity
group by benchmark_id, configuration_id
order by benchmark_id, configuration_id
