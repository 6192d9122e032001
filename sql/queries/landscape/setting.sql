-- One row per hyperparameter: its level in one configuration, and its share of the variance of ranks.
select h.name,
  case when exists (
    select 1 from mart.condition as c
    where c.search_space_id = h.search_space_id and c.position = h.position
      and not list_contains(c.levels, ($configuration // c.parent_stride) % c.parent_cardinality)
  ) then '(inactive)' else l.label end as label,
  i.total_share
from core.hyperparameter as h
join core.hyperparameter_level as l
  on l.search_space_id = h.search_space_id and l.position = h.position
  and l.level = ($configuration // h.stride) % h.cardinality
left join result.landscape_importance as i
  on i.analysis_run_id = $run and i.scope = 'ranks' and i.position = h.position
where h.search_space_id = $space
order by h.position
