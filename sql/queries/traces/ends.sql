-- One row per benchmark and metric: the first and the last budget at which its runs can be compared; NULL where none has a usable value.
with pair as (select distinct benchmark_id, metric_id from traces_span),
ends as (select experiment_id, metric_id, benchmark_id, algorithm_id, first_budget, last_budget from traces_span)
select p.benchmark_id, p.metric_id, c.lower_budget, c.budget as upper_budget
from pair as p
left join mart.common_budget(ends) as c on c.benchmark_id = p.benchmark_id and c.metric_id = p.metric_id
