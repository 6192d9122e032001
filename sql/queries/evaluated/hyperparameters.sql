-- One row per hyperparameter of the search space, with its levels as a list.
select h.name, h.stride, h.cardinality, list(l.label order by l.level) as labels
from core.hyperparameter as h
join core.search_space as s on s.search_space_id = h.search_space_id
join core.hyperparameter_level as l on l.search_space_id = h.search_space_id and l.position = h.position
where s.name = $space
group by h.name, h.stride, h.cardinality, h.position
order by h.position
