-- One row per sweep, metric and trial that set a record, and each sweep's last.
with valued as (
  select a.sweep, a.metric, a.direction, a.used_count, row_number() over one as trial,
    case a.direction when 'min' then min(v.value) over one else max(v.value) over one end as best
  from mart.alike_sweep as a
  join core.trial as t on t.sweep_id = a.sweep_id and t.status = 'finished'
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = a.metric_id and v.step is null and v.status = 'ok'
  where a.alike_count > 1 and a.place <= $most
  window one as (partition by a.sweep_id, a.metric_id order by t.number rows unbounded preceding)
),
records as (
  select *, best is distinct from lag(best) over (partition by sweep, metric order by trial) as is_record from valued
)
select sweep, metric, direction, trial, best from records where is_record or trial = used_count
order by metric, sweep, trial
