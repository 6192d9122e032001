-- One row per finished trial with a value, by its start where all have one: records, and of the others every k-th.
with valued as (
  select t.number, v.value, coalesce(t.duration, epoch(t.ended_at) - epoch(t.started_at)) as duration,
    count(t.started_at) over () = count(*) over () as is_timed, t.started_at, count(*) over () as total
  from core.trial as t
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is null and v.status = 'ok'
  where t.sweep_id = $sweep and t.status = 'finished'
),
placed as (
  select *, row_number() over (order by case when is_timed then started_at end, number) as place from valued
),
running as (
  select *, $sign * min($sign * value) over (order by place rows unbounded preceding) as best from placed
),
records as (select *, best is distinct from lag(best) over (order by place) as is_record from running)
select number, value, duration, best, total, is_timed, case when is_timed then place else number end as at
from records
where place % greatest(1, ceil(total / $most)::bigint) = 0 or is_record or place = total
order by place
