-- One row per measure and ordered pair of landscapes of one aspect and context.
select s.aspect, s.context, s.landscape_a, s.landscape_b, s.measure, s.value, s.reason
from mart.newest_similarity as n
join result.landscape_similarity as s on s.analysis_run_id = n.analysis_run_id
join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space and s.aspect = $aspect and s.context = $context
  and s.measure in ('spearman', 'kendall', 'shake_up', 'best_overlap_10', 'regret_relative', 'importance_agreement')
order by s.measure, s.landscape_a, s.landscape_b
