-- One row per hyperparameter of a search space: its kind, the labels of its levels in order, its stride.
select h.name, h.kind, list(l.label order by l.level), h.stride
from core.hyperparameter as h
join core.hyperparameter_level as l using (search_space_id, position)
where search_space_id = $number
group by h.position, h.name, h.kind, h.stride order by h.position
