-- One row per hyperparameter of a search space, with its first 24 levels in one text, and when it is active where that is not always.
with need as (
  select position, any_value(default_level) as default_level, string_agg(needs || ' is ' || array_to_string(labels, ' or '), ' and ' order by parent_position) as active_where
  from mart.condition where search_space_id = $space group by position
)
select
  h.position, h.name, h.kind, h.value_type, h.scale, h.cardinality,
  string_agg(l.label, ', ' order by l.level) filter (where l.level < 24) as levels, n.active_where,
  any_value(l.label) filter (where l.level = n.default_level) as default_label
from core.hyperparameter as h
left join core.hyperparameter_level as l on l.search_space_id = h.search_space_id and l.position = h.position
left join need as n on n.position = h.position
where h.search_space_id = $space
group by all order by h.position
