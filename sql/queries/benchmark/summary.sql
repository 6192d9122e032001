-- One row per experiment, setting, algorithm, metric and budget: median and quartiles over the runs on the benchmark.
select e.name as experiment, s.setting, a.name as algorithm, m.name as metric, m.direction, x.scale, s.budget,
  s.run_count, s.incumbent_median, s.incumbent_q25, s.incumbent_q75, s.regret_median, s.regret_q25, s.regret_q75
from result.trace_summary as s
join ops.analysis_run as o on o.analysis_run_id = s.analysis_run_id
join core.experiment as e on e.name = o.subject
join result.trace_axis as x
  on x.analysis_run_id = s.analysis_run_id and x.benchmark_id = s.benchmark_id and x.metric_id = s.metric_id
join core.algorithm as a on a.algorithm_id = s.algorithm_id
join core.metric as m on m.metric_id = s.metric_id
where s.analysis_run_id = $run and s.benchmark_id = $benchmark
order by e.name, s.setting, m.name, a.algorithm_id, s.budget
