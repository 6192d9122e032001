-- One row per algorithm, setting, metric and position on the common axis: means over benchmarks with intervals.
select a.name as algorithm, t.setting, coalesce(m.name, 'each benchmark''s own') as metric, t.position_unit, t.position,
  t.benchmark_count, t.normalized_regret_mean, t.normalized_regret_lower, t.normalized_regret_upper,
  t.rank_mean, t.rank_lower, t.rank_upper, t.reason
from result.trace_overall as t
join core.algorithm as a on a.algorithm_id = t.algorithm_id
left join core.metric as m on m.metric_id = t.metric_id
where t.analysis_run_id = $run
order by t.setting, metric, a.algorithm_id, t.position
