-- One row per context, measure and ordered pair of data sets, by the newest comparison.
with newest as (
  select s.analysis_run_id
  from mart.newest_similarity as s
  join core.search_space as p on p.search_space_id = s.search_space_id
  where p.name = $space and s.aspect = 'benchmark'
)
select s.context, replace(s.landscape_a, $space || '/', '') as from_data, replace(s.landscape_b, $space || '/', '') as
  to_data, s.measure, s.value
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.measure in ('regret_relative', 'regret', 'spearman', 'best_overlap_10', 'importance_agreement')
order by s.context, from_data, to_data
