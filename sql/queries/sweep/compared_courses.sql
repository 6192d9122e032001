-- One row per sweep, metric and trial that set a record, and each sweep's last; trials by their start where all have one.
with valued as (
  select a.sweep_id, a.metric_id, a.sweep, a.metric, a.direction, a.used_count, v.value, t.number,
    case when count(t.started_at) over one = count(*) over one then t.started_at end as started_at
  from mart.alike_sweep as a
  join core.trial as t on t.sweep_id = a.sweep_id and t.status = 'finished'
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = a.metric_id and v.step is null and v.status = 'ok'
  where a.alike_count > 1 and a.place <= $most
  window one as (partition by a.sweep_id, a.metric_id)
),
running as (
  select sweep, metric, direction, used_count, row_number() over one as trial,
    case direction when 'min' then min(value) over one else max(value) over one end as best
  from valued
  window one as (partition by sweep_id, metric_id order by started_at, number rows unbounded preceding)
),
records as (
  select *, best is distinct from lag(best) over (partition by sweep, metric order by trial) as is_record from running
)
select sweep, metric, direction, trial, best from records where is_record or trial = used_count
order by metric, sweep, trial
