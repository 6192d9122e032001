-- One row per metric, split and measure of a search space: do like data sets have like landscapes; of the newest study.
with newest as (
  select analysis_run_id from mart.newest_run where job = 'landscapes.across'
)
select
  m.name as metric, n.split, n.fidelity, n.measure, n.benchmark_count, n.feature_count, n.coefficient, n.p_value,
  n.adjusted_p_value, n.reason
from result.landscape_mantel as n
join newest using (analysis_run_id)
join core.search_space as s on s.search_space_id = n.search_space_id
join core.metric as m on m.metric_id = n.metric_id
where s.name = $space
order by m.name, n.split, n.measure
