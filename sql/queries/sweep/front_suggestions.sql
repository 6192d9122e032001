-- One row per configuration suggested for the front: its setting, and what is predicted of every metric.
with settings as (
  select suggestion, any_value(success) as success,
    string_agg(hyperparameter || ' = ' || coalesce(text_value, format('{:.6g}', numeric_value)), ', '
      order by hyperparameter) as configuration
  from result.sweep_front_suggestion where analysis_run_id = $run group by suggestion
), predicted as (
  select p.suggestion,
    string_agg(format('{} {:.4g} (SD {:.2g})', m.name, p.predicted, p.deviation), ', ' order by m.metric_id) as predictions
  from result.sweep_front_prediction as p join core.metric as m using (metric_id)
  where p.analysis_run_id = $run group by p.suggestion
)
select suggestion, configuration, predictions, success
from settings join predicted using (suggestion)
order by suggestion
