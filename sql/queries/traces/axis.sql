-- One row per benchmark and metric: its runs, how many end early, the best known and the worst value.
select
  s.benchmark_id, s.metric_id, cast(count(*) as integer) as run_count,
  cast(count(*) filter (where s.first_budget is not null and s.last_budget < g.upper) as integer) as early_end_count,
  any_value(c.sign * c.best_loss) as best_known, any_value(c.found_in) as best_found_in,
  any_value(c.sign * c.worst_loss) as worst
from traces_span as s
left join (
  select benchmark_id, metric_id, max(budget) as upper from traces_grid group by benchmark_id, metric_id
) as g on g.benchmark_id = s.benchmark_id and g.metric_id = s.metric_id
left join traces_scale as c on c.benchmark_id = s.benchmark_id and c.metric_id = s.metric_id
group by s.benchmark_id, s.metric_id
order by s.benchmark_id, s.metric_id
