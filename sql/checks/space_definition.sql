-- The strides and levels of a search space fit its cardinality.
with counted as (
  select h.search_space_id, h.position, h.cardinality, h.stride, count(l.level) as levels,
    min(l.level) as first_level, max(l.level) as last_level
  from core.hyperparameter as h
  left join core.hyperparameter_level as l on l.search_space_id = h.search_space_id and l.position = h.position
  group by all
),
stepped as (
  select *, lag(stride * cardinality) over (partition by search_space_id order by position desc) as expected_stride,
    first_value(stride * cardinality) over (partition by search_space_id order by position) as total
  from counted
)
select t.search_space_id, t.position, t.cardinality, t.levels, t.stride, t.expected_stride, s.cardinality as space_cardinality
from stepped as t
join core.search_space as s on s.search_space_id = t.search_space_id
where t.levels <> t.cardinality or t.first_level <> 0 or t.last_level <> t.cardinality - 1
  or t.stride <> coalesce(t.expected_stride, 1) or t.total <> s.cardinality
