-- One row per run, metric and step of the common axis: the incumbent's loss, NULL after the run's last budget (a table of the session: `traces_grid_point`).
create or replace temp table traces_grid_point as
with reached as (
  select t.run_id, t.metric_id, p.step, min(s.sign * t.value) as loss
  from core.trace as t
  join traces_span as s on s.run_id = t.run_id and s.metric_id = t.metric_id
  join traces_step as p on p.benchmark_id = s.benchmark_id and p.metric_id = s.metric_id and p.budget = t.budget
  group by t.run_id, t.metric_id, p.step
)
select
  s.run_id, s.metric_id, s.benchmark_id, s.algorithm_id, s.seed, s.setting, s.sign, g.step, g.budget, g.weight,
  case when g.budget <= s.last_budget then min(r.loss) over (
    partition by s.run_id, s.metric_id order by g.step rows between unbounded preceding and current row
  ) end as loss
from traces_span as s
join traces_grid as g on g.benchmark_id = s.benchmark_id and g.metric_id = s.metric_id
left join reached as r on r.run_id = s.run_id and r.metric_id = s.metric_id and r.step = g.step
