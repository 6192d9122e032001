-- One row per suggested configuration; what never varied is not listed.
select suggestion, any_value(predicted) as predicted, any_value(deviation) as deviation, any_value(success) as success,
  string_agg(hyperparameter || ' = ' || coalesce(text_value, format('{:.6g}', numeric_value)), ', '
    order by hyperparameter) as configuration
from result.sweep_suggestion as s
where analysis_run_id = $run and metric_id = $metric
  and not exists (from result.sweep_column as c where c.analysis_run_id = $run and c.metric_id = $metric
    and c.name = s.hyperparameter and c.role = 'constant')
group by suggestion
order by suggestion
