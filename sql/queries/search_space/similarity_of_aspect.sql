-- One row per context, measure and ordered pair of landscapes of one aspect.
with newest as (
  select s.analysis_run_id
  from mart.newest_similarity as s
  join core.search_space as sp on sp.search_space_id = s.search_space_id
  where sp.name = $space and s.aspect = $aspect
)
select s.context, s.landscape_a, s.landscape_b, s.measure, s.value, s.reason
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.measure in (
  'spearman', 'kendall', 'shake_up', 'best_overlap_10', 'regret_relative', 'importance_agreement'
)
order by s.context, s.measure, s.landscape_a, s.landscape_b
