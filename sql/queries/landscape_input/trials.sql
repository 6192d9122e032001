-- One row per finished trial of the optimiser runs on a landscape, with the value that the optimiser saw, minimised.
with final as (
  select trial_id, metric_id, value from core.trial_metric where step is null
)
select
  r.run_id, r.algorithm_id, r.seed::double as seed, t.number, t.configuration_id,
  case when m.direction = 'max' then -f.value else f.value end as seen
from core.run as r
join core.sweep as w on w.sweep_id = r.sweep_id
join core.sweep_metric as sm on sm.sweep_id = w.sweep_id and sm.position = 0
join core.metric as m on m.metric_id = sm.metric_id
join core.trial as t on t.sweep_id = w.sweep_id
left join final as f on f.trial_id = t.trial_id and f.metric_id = sm.metric_id
where w.search_space_id = $space and r.benchmark_id = $benchmark and sm.metric_id = $metric
  and t.configuration_id is not null and t.status = 'finished'
order by r.run_id, t.number
