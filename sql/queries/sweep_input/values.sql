-- One row per trial and step that has a usable value of the metric; the final value has no step.
select v.trial_id, v.step, v.value
from core.trial as t join core.trial_metric as v using (trial_id)
where t.sweep_id = $sweep and v.metric_id = $metric and v.status = 'ok'
order by v.trial_id, v.step
