-- One row per landscape and hyperparameter: its levels that take part, in their order. A level at which nothing has a loss takes no part; one that was never tried does where less than half of the grid of the others has a loss, and in a conditional space all levels do.
with seen as (
  -- One row per level with a configuration that was tried.
  select
    n.search_space_id, n.benchmark_id, n.metric_id, n.split, n.fidelity, n.search_space, n.benchmark, n.metric,
    h.position, h.name as hyperparameter, h.kind, h.stride, h.cardinality,
    ((n.configuration_id // h.stride) % h.cardinality)::integer as level,
    count(n.loss) as loss_count, count(*) > count(n.loss) as has_failed
  from mart.landscape_node as n
  join core.hyperparameter as h on h.search_space_id = n.search_space_id
  group by all
),
axis as (
  select
    * exclude (level, loss_count, has_failed),
    coalesce(list_sort(list(level) filter (where loss_count > 0)), []) as used,
    coalesce(list(level) filter (where has_failed), []) as failed,
    sum(loss_count) as configuration_count
  from seen
  group by all
),
grid as (
  select *, product(len(used)) over landscape as own_cells
  from axis
  window landscape as (partition by search_space_id, benchmark_id, metric_id, split, fidelity)
)
select
  g.search_space, g.benchmark, g.metric, g.split, g.fidelity, g.hyperparameter, g.kind,
  case
    when s.is_conditional then range(g.cardinality)::integer[]
    when g.configuration_count >= 0.5 * g.own_cells then g.used
    else list_filter(
      range(g.cardinality)::integer[], lambda level: list_contains(g.used, level) or not list_contains(g.failed, level)
    )
  end as levels,
  g.stride, g.cardinality, g.position, g.search_space_id, g.benchmark_id, g.metric_id
from grid as g
join mart.search_space as s on s.search_space_id = g.search_space_id
