-- One row per landscape that was analysed (means over seeds), with its newest analysis run.
with newest as (
  select max(analysis_run_id) as analysis_run_id from result.landscape_subject
  where seed is null
  group by search_space_id, benchmark_id, metric_id, split, fidelity
)
select
  s.analysis_run_id, sp.name as search_space, b.name as benchmark, m.name as metric, s.split, s.fidelity, s.direction
from newest
join result.landscape_subject as s using (analysis_run_id)
join core.search_space as sp on sp.search_space_id = s.search_space_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.metric as m on m.metric_id = s.metric_id
order by sp.name, b.name, m.metric_id, s.split, s.fidelity nulls first
