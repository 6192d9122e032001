-- One row per level of a category: against the other levels, alone and with all else held.
select hyperparameter, level, configuration_count, mean, correlation, p, p_adjusted, adjusted_difference, adjusted_p,
  adjusted_difference * correlation < 0 and adjusted_p < 0.05 and p < 0.05 as has_turned, reason
from result.sweep_level where analysis_run_id = $run and metric_id = $metric
order by hyperparameter, correlation desc nulls last, level
