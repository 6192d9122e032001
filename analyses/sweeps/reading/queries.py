"""The SQL of the sweeps job."""

SWEEPS = """
select s.sweep_id,
  case when count(*) over (partition by s.name) > 1 then s.name || ' (' || o.name || ')' else s.name end as subject,
  s.name, exists (select 1 from core.run as r where r.sweep_id = s.sweep_id) as is_run
from core.sweep as s join core.source as o using (source_id)
order by subject, s.sweep_id
"""
"""Every sweep; one whose name others have too is told apart by its source."""

METRICS = """
select m.metric_id, m.name, m.direction
from core.sweep_metric as s join core.metric as m using (metric_id)
where s.sweep_id = ? order by s.position
"""

FINGERPRINT = """
with facts as (
  select hash(t.number, t.name, t.status, t.duration, t.started_at, t.ended_at) as h
  from core.trial as t where t.sweep_id = $sweep
  union all
  select hash(t.number, t.name, p.name, p.numeric_value, p.text_value)
  from core.trial as t join core.trial_parameter as p using (trial_id) where t.sweep_id = $sweep
  union all
  select hash(t.number, t.name, m.name, m.direction, v.step, v.value, v.status)
  from core.trial as t join core.trial_metric as v using (trial_id) join core.metric as m using (metric_id)
  where t.sweep_id = $sweep
  union all
  select hash(name, value_type, scale, lower, upper, step, choices) from core.sweep_parameter where sweep_id = $sweep
  union all
  select hash(position, kind, hyperparameter, definition) from core.sweep_constraint where sweep_id = $sweep
  union all
  select hash(sweep_id, min(trial_id), max(trial_id)) from core.trial where sweep_id = $sweep group by sweep_id
)
select concat_ws(' ', count(*), bit_xor(h), sum(h::hugeint)) from facts
"""
"""What an analysis depends on. The ids are among it: a source loaded anew has others, to which the results refer."""

TRIALS = """
select trial_id, status, coalesce(duration, epoch(ended_at) - epoch(started_at)) as duration
from core.trial where sweep_id = ? order by trial_id
"""

PARAMETERS = """
select p.trial_id, p.name, p.numeric_value, p.text_value
from core.trial as t join core.trial_parameter as p using (trial_id)
where t.sweep_id = ? order by p.name, p.trial_id
"""

DECLARED = """
select name, value_type, scale, lower, upper, step, choices from core.sweep_parameter where sweep_id = ? order by name
"""

RULES = "select kind, hyperparameter, definition from core.sweep_constraint where sweep_id = ? order by position"

VALUES = """
select v.trial_id, v.step, v.value
from core.trial as t join core.trial_metric as v using (trial_id)
where t.sweep_id = ? and v.metric_id = ? and v.status = 'ok'
order by v.trial_id, v.step
"""
