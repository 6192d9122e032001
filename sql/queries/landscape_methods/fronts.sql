-- One row per benchmark, metric, split and cost of a search space: how loss and cost go together, of the newest study.
select
  b.name as benchmark, m.name as metric, f.split, f.cost_name, f.configuration_count, f.front_count, f.local_count,
  f.local_front_share, f.component_count, f.largest_share, f.chance_largest_share, f.reason
from result.landscape_front as f
join mart.newest_run as n on n.analysis_run_id = f.analysis_run_id
join core.benchmark as b on b.benchmark_id = f.benchmark_id
join core.metric as m on m.metric_id = f.metric_id
join core.search_space as s on s.search_space_id = f.search_space_id
where s.name = $space
order by m.name, f.split, f.cost_name, b.name
