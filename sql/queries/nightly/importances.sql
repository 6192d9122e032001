-- One row per sweep, metric and method: the most important hyperparameter.
select r.subject, concat_ws(' | ', m.name, i.method) as item, concat_ws(' x ', i.hyperparameter, i.hyperparameter_b)
  as verdict, i.importance as value, i.lower, i.upper, null::double as p_value,
  to_json({metric: m.name, method: i.method})::varchar as context
from mart.standing_run as r
join result.sweep_importance as i on i.analysis_run_id = r.analysis_run_id and i.place = 1
join core.metric as m on m.metric_id = i.metric_id
where r.job = 'sweeps'
qualify row_number() over (partition by r.subject, i.metric_id, i.method order by i.hyperparameter) = 1
