-- One row per search space, benchmark and metric that has evaluations on validation data.
select s.name, b.name, m.name
from (select distinct search_space_id, benchmark_id, metric_id from core.evaluation where split = 'valid')
join core.search_space as s using (search_space_id)
join core.benchmark as b using (benchmark_id)
join core.metric as m using (metric_id)
order by search_space_id, b.name
