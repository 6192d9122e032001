-- One row per hyperparameter of a search space, with its first 24 levels in one text.
select
  h.position, h.name, h.kind, h.value_type, h.scale, h.cardinality,
  string_agg(l.label, ', ' order by l.level) as levels
from core.hyperparameter as h
left join core.hyperparameter_level as l on l.search_space_id = h.search_space_id and l.position = h.position
  and l.level < 24
where h.search_space_id = $space
group by all order by h.position
