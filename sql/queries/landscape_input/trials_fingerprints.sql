-- One row per search space, benchmark and metric that has finished trials of optimiser runs: a digest of them.
with final as (
  select trial_id, metric_id, value from core.trial_metric where step is null
)
select
  w.search_space_id, r.benchmark_id, sm.metric_id,
  count(*)::varchar || ' ' || bit_xor(hash(r.run_id, t.number, t.configuration_id, f.value))::varchar
from core.run as r
join core.sweep as w on w.sweep_id = r.sweep_id
join core.sweep_metric as sm on sm.sweep_id = w.sweep_id and sm.position = 0
join core.trial as t on t.sweep_id = w.sweep_id
left join final as f on f.trial_id = t.trial_id and f.metric_id = sm.metric_id
where t.configuration_id is not null and t.status = 'finished'
group by w.search_space_id, r.benchmark_id, sm.metric_id
