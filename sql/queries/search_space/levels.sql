-- One row per hyperparameter of a search space: kind, type, scale, and the numbers and labels of its levels in order.
select h.name, h.kind, h.value_type, h.scale, list(l.numeric_value order by l.level), list(l.label order by l.level)
from core.hyperparameter as h
join core.search_space as s using (search_space_id)
join core.hyperparameter_level as l using (search_space_id, position)
where s.name = $space group by all order by any_value(h.position)
