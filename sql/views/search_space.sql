-- One row per search space: the cells of its grid, and its configurations (cells that differ in inactive hyperparameters only are one).
select
  s.name, s.cardinality, coalesce(any_value(c.configuration_count), s.cardinality) as configuration_count,
  c.search_space_id is not null as is_conditional, s.search_space_id
from core.search_space as s
left join core.hyperparameter_condition as c on c.search_space_id = s.search_space_id
group by s.search_space_id, s.name, s.cardinality, c.search_space_id
