-- One row per hyperparameter that too few trials have for an analysis: the table of trials shows it nevertheless.
select name from result.sweep_column
where analysis_run_id = $run and metric_id = $metric and role = 'sparse'
order by present_count desc, position limit $most
