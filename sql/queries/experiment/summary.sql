-- One row per benchmark, setting, metric, algorithm and budget: median and quartiles over runs.
select b.name as benchmark, s.setting, a.name as algorithm, m.name as metric, m.direction, x.scale, s.budget,
  s.run_count, s.incumbent_median, s.incumbent_q25, s.incumbent_q75, s.regret_median, s.regret_q25, s.regret_q75
from result.trace_summary as s
join result.trace_axis as x
  on x.analysis_run_id = s.analysis_run_id and x.benchmark_id = s.benchmark_id and x.metric_id = s.metric_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.algorithm as a on a.algorithm_id = s.algorithm_id
join core.metric as m on m.metric_id = s.metric_id
where s.analysis_run_id = $run
order by b.name, s.setting, m.name, a.algorithm_id, s.budget
