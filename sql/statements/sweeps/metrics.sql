-- One row per incoming trial, metric and step; what is no finite number, or comes with a status, is NULL with a status.
insert into core.trial_metric
select t.trial_id, m.metric_id, v.step,
  case when isfinite(v.value) and v.status is null then v.value end,
  case when v.status is not null then v.status
       when v.value is null then 'missing' when isnan(v.value) then 'nan'
       when isfinite(v.value) then 'ok' when v.value > 0 then 'inf' else 'neg_inf' end
from _incoming as v
join core.trial as t on t.trial_id = $first_trial + v.trial
join core.sweep_metric as m on m.sweep_id = t.sweep_id and m.position = v.position
where t.sweep_id >= $first_sweep
