-- One row per hyperparameter and level (or group of neighbouring levels): quantiles over all configurations there (where it is active), and the best; quantiles from every k-th configuration.
with axis as (
  select position, name, cardinality, stride, greatest(1, ceil(cardinality / 40))::integer as width
  from core.hyperparameter where search_space_id = $space and cardinality > 1
),
node as (
  select configuration_id as id, $sign * loss as value, loss from result.landscape_node where analysis_run_id = $run
),
best as (
  select best_configuration_id as id from result.landscape_subject where analysis_run_id = $run
),
placed as (
  select a.position, a.name, a.stride, n.id, n.value, n.loss, b.id as best_id, hash(n.id) % $every = 0 as is_sampled,
    (n.id // a.stride) % a.cardinality as level, (b.id // a.stride) % a.cardinality as best_level, a.width
  from node as n cross join axis as a cross join best as b
),
inactive as (
  select position, levels, parent_stride, parent_cardinality from mart.condition where search_space_id = $space
)
select p.position, p.name as hyperparameter, p.level // p.width as part, first(l.label) as label,
  count(*) as configurations, quantile_cont(p.value, 0.1) filter (where p.is_sampled) as low,
  median(p.value) filter (where p.is_sampled) as middle,
  quantile_cont(p.value, 0.9) filter (where p.is_sampled) as high, arg_min(p.value, p.loss) as best,
  arg_min(p.value, p.loss) filter (where p.id - p.best_id = (p.level - p.best_level) * p.stride) as through_best,
  bool_or(p.level = p.best_level) as is_level_of_best
from placed as p
anti join inactive as c
  on c.position = p.position and not list_contains(c.levels, (p.id // c.parent_stride) % c.parent_cardinality)
left join core.hyperparameter_level as l
  on l.search_space_id = $space and l.position = p.position and l.level = p.level // p.width * p.width
group by p.position, p.name, p.level // p.width
order by p.position, part
