-- One row per benchmark and metric of an experiment that has values.
select distinct s.benchmark_id, b.name, s.metric_id
from mart.run_span as s join core.benchmark as b on b.benchmark_id = s.benchmark_id
where s.experiment_id = $experiment and s.first_budget is not null order by s.benchmark_id, s.metric_id
