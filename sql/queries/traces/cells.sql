-- One row per benchmark, metric, algorithm and setting; its points are its runs times the steps of its axis, also where a run has no value.
select benchmark_id, metric_id, algorithm_id, setting, count(*) as point_count, max(step) as step_count
from traces_point
group by benchmark_id, metric_id, algorithm_id, setting
order by benchmark_id, metric_id, algorithm_id, setting
