-- One row per conditional hyperparameter and other hyperparameter that it needs: it is active where each of these has one of the levels; elsewhere configurations have its default level.
select
  s.name as search_space, h.name as hyperparameter, p.name as needs,
  list(l.label order by c.parent_level) as labels, list(c.parent_level order by c.parent_level) as levels,
  any_value(c.default_level) as default_level, any_value(c.configuration_count) as configuration_count,
  c.search_space_id, c.position, c.parent_position, p.stride as parent_stride, p.cardinality as parent_cardinality
from core.hyperparameter_condition as c
join core.search_space as s on s.search_space_id = c.search_space_id
join core.hyperparameter as h on h.search_space_id = c.search_space_id and h.position = c.position
join core.hyperparameter as p on p.search_space_id = c.search_space_id and p.position = c.parent_position
join core.hyperparameter_level as l
  on l.search_space_id = c.search_space_id and l.position = c.parent_position and l.level = c.parent_level
group by c.search_space_id, s.name, c.position, h.name, c.parent_position, p.name, p.stride, p.cardinality
