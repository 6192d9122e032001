-- One row per directed pair of evaluated neighbours of a landscape: both losses (minimised) and their difference. Always filter by search_space_id, benchmark_id and metric_id.
select
  a.search_space, a.benchmark, a.metric, a.split, a.fidelity, a.configuration_id, n.neighbour_id, n.hyperparameter,
  a.loss, b.loss as neighbour_loss, b.loss - a.loss as difference,
  a.search_space_id, a.benchmark_id, a.metric_id
from mart.landscape_node as a
join mart.neighbour as n on n.search_space_id = a.search_space_id and n.configuration_id = a.configuration_id
join mart.landscape_node as b
  on b.search_space_id = a.search_space_id
  and b.benchmark_id = a.benchmark_id
  and b.metric_id = a.metric_id
  and b.split = a.split
  and b.fidelity is not distinct from a.fidelity
  and b.configuration_id = n.neighbour_id
where a.loss is not null and b.loss is not null
