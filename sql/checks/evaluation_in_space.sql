-- A configuration's rank lies within its search space.
select e.search_space_id, e.configuration_id, s.cardinality
from core.evaluation as e
left join core.search_space as s on s.search_space_id = e.search_space_id
where s.search_space_id is null or e.configuration_id < 0 or e.configuration_id >= s.cardinality
