-- One row per scope and hyperparameter.
select scope, position, hyperparameter, main_share, total_share, tunability_alone, tunability_shapley, ablation_shapley,
  method, reason
from result.landscape_importance where analysis_run_id = $run order by scope, position
