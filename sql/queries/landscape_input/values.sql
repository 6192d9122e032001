-- One row per value of a landscape, as recorded, in the order in which they were loaded: up to `most` of them, of a search space of up to 2^31 configurations, with a number that stands for the seed and the fold.
select configuration_id::integer as configuration_id, value, (hash(seed, fold) >> 32)::uinteger as unit
from core.evaluation
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
limit $most
