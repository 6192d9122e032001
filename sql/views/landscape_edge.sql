-- One row per directed pair of neighbours of a landscape that both have a loss: both losses (minimised) and their difference. Neighbours are one of the landscape's own levels apart where levels have an order. Always filter by search_space_id, benchmark_id and metric_id, or by their names.
with here as (
  -- Names are joined, too, so that a filter on them reaches all that is read.
  select
    n.* exclude (value, value_sd, ok_count, evaluation_count, unit_count), x.hyperparameter, x.kind, x.levels, x.stride,
    (n.configuration_id // x.stride) % x.cardinality as level
  from mart.landscape_node as n
  join mart.landscape_axis as x
    on x.search_space = n.search_space
    and x.benchmark = n.benchmark
    and x.metric = n.metric
    and x.search_space_id = n.search_space_id
    and x.benchmark_id = n.benchmark_id
    and x.metric_id = n.metric_id
    and x.split = n.split
    and x.fidelity is not distinct from n.fidelity
  where n.loss is not null
),
step as (
  select
    * exclude (kind, levels),
    unnest(case
      when kind = 'categorical' then levels
      else levels[greatest(list_position(levels, level) - 1, 1):list_position(levels, level) + 1]
    end) as to_level
  from here
)
select
  a.search_space, a.benchmark, a.metric, a.split, a.fidelity, a.configuration_id, b.configuration_id as neighbour_id,
  a.hyperparameter, a.loss, b.loss as neighbour_loss, b.loss - a.loss as difference,
  a.search_space_id, a.benchmark_id, a.metric_id
from step as a
join mart.landscape_node as b
  on b.search_space = a.search_space
  and b.benchmark = a.benchmark
  and b.metric = a.metric
  and b.search_space_id = a.search_space_id
  and b.benchmark_id = a.benchmark_id
  and b.metric_id = a.metric_id
  and b.split = a.split
  and b.fidelity is not distinct from a.fidelity
  and b.configuration_id = a.configuration_id + (a.to_level - a.level) * a.stride
where b.loss is not null and a.to_level <> a.level
