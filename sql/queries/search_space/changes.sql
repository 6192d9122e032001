-- One row per aspect, context and pair of landscapes: the rank correlation of their losses.
with newest as (
  select s.analysis_run_id
  from mart.newest_similarity as s
  join core.search_space as sp on sp.search_space_id = s.search_space_id
  where sp.name = $space
)
select s.aspect, s.context, s.landscape_a, s.landscape_b, s.value
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.measure = 'spearman' and s.value is not null and s.landscape_a < s.landscape_b
order by s.aspect, s.context, s.landscape_a, s.landscape_b
