-- One row per finished trial with a value: all that improved on those before, and of the others every k-th.
with valued as (
  select t.number, v.value, coalesce(t.duration, epoch(t.ended_at) - epoch(t.started_at)) as duration,
    row_number() over (order by t.number) as place, count(*) over () as total,
    $sign * min($sign * v.value) over (order by t.number rows unbounded preceding) as best
  from core.trial as t
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is null and v.status = 'ok'
  where t.sweep_id = $sweep and t.status = 'finished'
),
records as (select *, best is distinct from lag(best) over (order by number) as is_record from valued)
select number, value, duration, best, total
from records
where place % greatest(1, ceil(total / $most)::bigint) = 0 or is_record or place = total
order by number
