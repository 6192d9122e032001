-- One row per pair of hyperparameters (the 15 with the largest shares) and pair of their levels (or groups of levels).
with chosen as (
  select position_a, position_b,
    row_number() over (order by pair_share desc nulls last, position_a, position_b) as place
  from result.landscape_interaction where analysis_run_id = $run and scope = 'ranks'
  qualify place <= 15
),
pair as (
  select c.place, a.position as position_a, a.name as name_a, a.cardinality as size_a, a.stride as stride_a,
    greatest(1, ceil(a.cardinality / 16))::integer as width_a, b.position as position_b, b.name as name_b,
    b.cardinality as size_b, b.stride as stride_b, greatest(1, ceil(b.cardinality / 16))::integer as width_b
  from chosen as c
  join core.hyperparameter as a on a.search_space_id = $space and a.position = c.position_a
  join core.hyperparameter as b on b.search_space_id = $space and b.position = c.position_b
),
node as (
  select configuration_id as id, $sign * loss as value, loss, percent_rank() over (order by loss) as place
  from result.landscape_node where analysis_run_id = $run
),
best as (
  select best_configuration_id as id from result.landscape_subject where analysis_run_id = $run
),
cell as (
  select p.*, n.id, n.value, n.loss, n.place as node_place, b.id as best_id,
    (n.id // p.stride_a) % p.size_a as level_a, (n.id // p.stride_b) % p.size_b as level_b,
    (b.id // p.stride_a) % p.size_a as best_a, (b.id // p.stride_b) % p.size_b as best_b
  from node as n cross join pair as p cross join best as b
),
inactive as (
  select position, levels, parent_stride, parent_cardinality from mart.condition where search_space_id = $space
),
grouped as (
  select place, position_a, position_b, name_a, name_b, level_a // width_a as part_a, level_b // width_b as part_b,
    min(level_a // width_a * width_a) as first_a, min(level_b // width_b * width_b) as first_b,
    count(*) as configurations, avg(node_place) as mean_place,
    median(value) filter (where hash(id) % $every = 0) as median_value,
    arg_min(value, loss) as best_value, min(node_place) as best_place,
    arg_min(value, loss) filter (
      where id - best_id = (level_a - best_a) * stride_a + (level_b - best_b) * stride_b
    ) as through_value,
    min(node_place) filter (
      where id - best_id = (level_a - best_a) * stride_a + (level_b - best_b) * stride_b
    ) as through_place
  from cell
  anti join inactive as c
    on c.position in (cell.position_a, cell.position_b)
    and not list_contains(c.levels, (cell.id // c.parent_stride) % c.parent_cardinality)
  group by place, position_a, position_b, name_a, name_b, level_a // width_a, level_b // width_b
)
select g.* exclude (first_a, first_b), la.label as label_a, lb.label as label_b
from grouped as g
left join core.hyperparameter_level as la
  on la.search_space_id = $space and la.position = g.position_a and la.level = g.first_a
left join core.hyperparameter_level as lb
  on lb.search_space_id = $space and lb.position = g.position_b and lb.level = g.first_b
order by g.place, g.part_a, g.part_b
