-- One row per experiment, benchmark and metric: the largest budget at which all its runs can be compared (`mart.common_budget`), and where they end.
with ends as (select * from mart.run_span)
select
  x.name as experiment, b.name as benchmark, m.name as metric, c.lower_budget, c.budget,
  e.earliest_end, e.latest_end, e.run_count, e.early_count, e.failed_count,
  c.experiment_id, c.benchmark_id, c.metric_id
from mart.common_budget(ends) as c
join (
  select s.experiment_id, s.benchmark_id, s.metric_id,
    min(s.last_budget) as earliest_end, max(s.last_budget) as latest_end, count(*) as run_count,
    count(*) filter (where s.last_budget < d.budget and s.first_budget is not null) as early_count,
    count(*) filter (where s.first_budget is null) as failed_count
  from ends as s
  join mart.common_budget(ends) as d
    on d.experiment_id = s.experiment_id and d.benchmark_id = s.benchmark_id and d.metric_id = s.metric_id
  group by s.experiment_id, s.benchmark_id, s.metric_id
) as e on e.experiment_id = c.experiment_id and e.benchmark_id = c.benchmark_id and e.metric_id = c.metric_id
join core.experiment as x on x.experiment_id = c.experiment_id
join core.benchmark as b on b.benchmark_id = c.benchmark_id
join core.metric as m on m.metric_id = c.metric_id
