-- One row per configuration suggested for the front: its setting, and what is predicted of every metric; what never varied is not listed.
with settings as (
  select suggestion, any_value(success) as success,
    string_agg(hyperparameter || ' = ' || coalesce(text_value, format('{:.6g}', numeric_value)), ', '
      order by hyperparameter) as configuration
  from result.sweep_front_suggestion as s where analysis_run_id = $run
    and not exists (from result.sweep_column as c where c.analysis_run_id = $run and c.name = s.hyperparameter
      and c.role = 'constant')
  group by suggestion
), predicted as (
  select p.suggestion,
    string_agg(format('{} {:.4g} (SD {:.2g})', m.name, p.predicted, p.deviation), ', ' order by m.metric_id) as predictions
  from result.sweep_front_prediction as p join core.metric as m using (metric_id)
  where p.analysis_run_id = $run group by p.suggestion
)
select suggestion, configuration, predictions, success
from settings join predicted using (suggestion)
order by suggestion
