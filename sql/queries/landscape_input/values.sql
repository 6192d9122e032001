-- One row per value of a landscape, as recorded, in the order in which they were loaded.
select configuration_id, value
from core.evaluation
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
