-- One row per analysed landscape and metric of its newest analysis: names instead of ids, value or reason, interval.
select
  sp.name as search_space, b.name as benchmark, m.name as metric, s.split, s.fidelity, s.seed,
  x.name as measure, x.value, x.reason, x.lower, x.upper, x.pair_count, s.epsilon, s.coverage, s.analysis_run_id
from mart.newest_landscape as n
join result.landscape_subject as s on s.analysis_run_id = n.analysis_run_id
join result.landscape_metric as x on x.analysis_run_id = n.analysis_run_id
join core.search_space as sp on sp.search_space_id = s.search_space_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.metric as m on m.metric_id = s.metric_id
