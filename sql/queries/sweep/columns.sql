-- One row per hyperparameter of the sweep, and its part in the analysis.
select position, name, role, kind, is_log, present_count, missing_count, distinct_count, imputed_count, imputed_value,
  note
from result.sweep_column where analysis_run_id = $run and metric_id = $metric order by position
