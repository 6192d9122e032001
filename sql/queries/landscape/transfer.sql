-- One row per other benchmark: how well its best configuration does on this one.
with newest as (
  select analysis_run_id from mart.newest_similarity
  where aspect = 'benchmark' and context = $context
    and search_space_id = (select search_space_id from core.search_space where name = $space)
)
select s.landscape_a as from_benchmark,
  max(s.value) filter (where s.measure = 'regret_relative') as regret_relative,
  max(s.value) filter (where s.measure = 'regret_share_better') as share_better,
  max(s.value) filter (where s.measure = 'regret') as regret,
  max(s.value) filter (where s.measure = 'optimum_distance') as optimum_distance
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.landscape_b = $benchmark and s.landscape_a <> $benchmark
group by s.landscape_a
order by regret_relative nulls last, s.landscape_a
