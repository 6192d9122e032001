-- One row per landscape that was analysed (means over seeds), with its newest analysis run.
select
  s.analysis_run_id, sp.name as search_space, b.name as benchmark, m.name as metric, s.split, s.fidelity, s.direction
from mart.newest_landscape as n
join result.landscape_subject as s on s.analysis_run_id = n.analysis_run_id
join core.search_space as sp on sp.search_space_id = s.search_space_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.metric as m on m.metric_id = s.metric_id
where n.seed is null
order by sp.name, b.name, m.metric_id, s.split, s.fidelity nulls first
