-- One row per trial and step: intermediate values of the best trials and of every k-th other one.
with valued as (
  select t.trial_id, t.number, t.status, v.step, v.value
  from core.trial as t
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is not null and v.status = 'ok'
  where t.sweep_id = $sweep
),
trials as (
  select v.trial_id, any_value(v.number) as number, count(*) as steps,
    row_number() over (order by any_value($sign * f.value) nulls last, any_value(v.number)) as place,
    count(*) over () as total
  from valued as v
  left join core.trial_metric as f
    on f.trial_id = v.trial_id and f.metric_id = $metric and f.step is null and f.status = 'ok'
      and v.status = 'finished'
  group by v.trial_id
),
chosen as (
  select * from trials where place <= $best or (place - $best) % greatest(1, ceil((total - $best) / $others)) = 0
)
select v.number, v.status, v.step, v.value, c.place <= $best as is_best, c.total
from valued as v join chosen as c using (trial_id)
qualify row_number() over (partition by v.trial_id order by v.step) % greatest(1, ceil(c.steps / $points)::bigint) = 0
  or row_number() over (partition by v.trial_id order by v.step desc) = 1
order by is_best, v.number, v.step
