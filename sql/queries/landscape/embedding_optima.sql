-- One row per local optimum at its place in the embedding, the best 60.
select o.configuration_id, o.is_global, o.basin_size, $sign * o.loss as value, p.x, p.y
from result.landscape_optimum as o
join result.embedding_point as p on p.analysis_run_id = $embedding and p.configuration_id = o.configuration_id
where o.analysis_run_id = $run
order by o.is_global desc, o.loss, o.configuration_id limit 60
