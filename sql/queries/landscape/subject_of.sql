-- One row per landscape (exactly one, none for a comparison): its names, direction and tolerance.
select sp.name as search_space, b.name as benchmark, m.name as metric, s.split, s.fidelity, s.direction,
  s.search_space_id, s.epsilon, s.epsilon_rule
from result.landscape_subject as s
join core.search_space as sp on sp.search_space_id = s.search_space_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.metric as m on m.metric_id = s.metric_id
where s.analysis_run_id = $run
