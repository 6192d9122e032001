-- One row per measure and ordered pair of landscapes of one aspect and context.
with newest as (
  select max(analysis_run_id) as analysis_run_id from result.landscape_similarity
  group by search_space_id, aspect, context
)
select s.aspect, s.context, s.landscape_a, s.landscape_b, s.measure, s.value, s.reason
from newest
join result.landscape_similarity as s using (analysis_run_id)
join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space and s.aspect = $aspect and s.context = $context
  and s.measure in ('spearman', 'kendall', 'shake_up', 'best_overlap_10', 'regret_relative', 'importance_agreement')
order by s.measure, s.landscape_a, s.landscape_b
