-- One row per suggested configuration.
select suggestion, any_value(predicted) as predicted, any_value(deviation) as deviation, any_value(success) as success,
  string_agg(hyperparameter || ' = ' || coalesce(text_value, format('{:.6g}', numeric_value)), ', '
    order by hyperparameter) as configuration
from result.sweep_suggestion where analysis_run_id = $run and metric_id = $metric
group by suggestion
order by suggestion
