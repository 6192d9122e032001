-- One row per ended trial of a sweep that is a run, and metric: a point of its trace.
insert into core.trace
with ended as (
  select t.trial_id, t.sweep_id, t.status,
    coalesce(
      p.spent, row_number() over (partition by t.sweep_id order by t.ended_at nulls last, t.number)
    ) as budget
  from core.trial as t
  left join _spent as p on p.trial_id = t.trial_id
  where t.source_id = $source and t.status in ('finished', 'failed', 'pruned')
)
select r.run_id, m.metric_id, e.budget,
  case when e.status = 'finished' then v.value end,
  case when e.status = 'failed' and v.status in ('timeout', 'memory') then v.status
       when e.status = 'failed' then 'failed' when e.status = 'pruned' then 'missing'
       else coalesce(v.status, 'missing') end,
  $source
from ended as e
join core.run as r on r.sweep_id = e.sweep_id
join core.sweep_metric as m on m.sweep_id = e.sweep_id
left join core.trial_metric as v on v.trial_id = e.trial_id and v.metric_id = m.metric_id and v.step is null
