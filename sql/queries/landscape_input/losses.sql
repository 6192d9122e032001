-- One row per configuration of a landscape: the mean of its values as recorded, NULL where it has none; as in `mart.landscape_node`, whose names and directions are joined to every row there.
select configuration_id, favg(value) as value
from core.evaluation
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
group by configuration_id
