-- A trial has one value for each hyperparameter, and for each metric and step; a value is there exactly where it is ok.
select trial_id, name as what, 'hyperparameter twice' as reason
from core.trial_parameter
group by trial_id, name
having count(*) > 1
union all
select trial_id, cast(metric_id as varchar), 'metric and step twice'
from core.trial_metric
group by trial_id, metric_id, step
having count(*) > 1
union all
select trial_id, cast(metric_id as varchar), 'status ' || status || ' does not fit the value'
from core.trial_metric
where (status = 'ok') <> (value is not null) or (value is not null and not isfinite(value))
