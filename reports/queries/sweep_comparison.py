"""The SQL of the page that sets sweeps side by side."""

from hpowh.reports.queries.sweep import CURRENT

NEWEST = f"""
with newest as (
  select subject, max(analysis_run_id) as analysis_run_id
  from ops.analysis_run where job = 'sweeps' and subject in ({CURRENT}) group by subject
),
alike as (
  select n.subject as sweep, n.analysis_run_id, s.sweep_id, s.metric_id, m.name as metric, m.direction, s.best_value,
    s.used_count, s.best_trial_id, count(*) over (partition by s.metric_id) as alike_count,
    row_number() over (partition by s.metric_id order by s.used_count desc, n.subject) as place
  from newest as n
  join result.sweep_summary as s using (analysis_run_id)
  join core.metric as m using (metric_id)
  where s.used_count > 0
)
"""
"""Analysed sweeps by metric, the largest first within a metric; `alike_count` of them share it."""

COMPARED = (
    NEWEST
    + """
select sweep, metric, direction, used_count, best_value from alike where alike_count > 1 and place <= $most
order by metric, case direction when 'min' then best_value else -best_value end, sweep
"""
)

COMPARED_COURSES = (
    NEWEST
    + """,
valued as (
  select a.sweep, a.metric, a.direction, a.used_count, row_number() over one as trial,
    case a.direction when 'min' then min(v.value) over one else max(v.value) over one end as best
  from alike as a
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
"""
)

COMPARED_IMPORTANCES = (
    NEWEST
    + """,
found as (
  select a.metric, a.sweep, i.hyperparameter, i.importance, i.deviation, i.place, i.r_squared, i.verdict,
    count(*) over (partition by a.metric_id, i.hyperparameter) as sweep_count,
    max(i.importance) over (partition by a.metric_id, i.hyperparameter) as largest
  from alike as a
  join result.sweep_importance as i
    on i.analysis_run_id = a.analysis_run_id and i.metric_id = a.metric_id and i.method = 'permutation'
  where a.alike_count > 1 and a.place <= $most and i.importance is not null
)
select metric, hyperparameter, sweep, importance, deviation, place, sweep_count, r_squared, verdict
from found where sweep_count > 1
order by metric, largest desc, hyperparameter, sweep
"""
)

COMPARED_RANGES = (
    NEWEST
    + """,
found as (
  select a.metric, a.sweep, r.hyperparameter, r.level, r.lower, r.upper, r.lower_from, r.upper_to, r.tried_lower,
    r.tried_upper, r.share, r.share_from, r.share_to, r.tried_share, r.best_count, c.is_log,
    count(distinct a.sweep_id) over (partition by a.metric_id, r.hyperparameter) as sweep_count
  from alike as a
  join result.sweep_range as r on r.analysis_run_id = a.analysis_run_id and r.metric_id = a.metric_id
  join result.sweep_column as c
    on c.analysis_run_id = a.analysis_run_id and c.metric_id = a.metric_id and c.name = r.hyperparameter
  where a.alike_count > 1 and a.place <= $most and r.reason is null
)
select metric, hyperparameter, level, sweep, lower, upper, lower_from, upper_to, tried_lower, tried_upper, share,
  share_from, share_to, tried_share, best_count, is_log
from found where sweep_count > 1
order by metric, hyperparameter, level nulls first, sweep
"""
)
