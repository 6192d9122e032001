-- One row per search space, metric, split, meta-feature and measure: their correlation over benchmarks.
select s.name as search_space, m.name as metric, r.split, r.feature, r.target, r.benchmark_count, r.coefficient,
  r.lower, r.upper, r.p_value, r.adjusted_p_value, r.reason
from result.landscape_relation as r
join core.search_space as s on s.search_space_id = r.search_space_id
join core.metric as m on m.metric_id = r.metric_id
where r.analysis_run_id = $run
order by r.coefficient is null, r.adjusted_p_value, r.p_value, s.name, r.feature, r.target
