-- One row per sweep and metric (exactly one): its trials now, and the best final value of a finished one.
select count(*) as trial_count,
  case any_value(m.direction) when 'min' then min(v.value) else max(v.value) end as best_value
from core.trial as t
cross join (select * from core.metric where metric_id = $metric) as m
left join core.trial_metric as v
  on v.trial_id = t.trial_id and v.metric_id = m.metric_id and v.step is null and v.status = 'ok'
    and t.status = 'finished'
where t.sweep_id = $sweep
