-- One row per scope and pair of hyperparameters.
select
  scope, hyperparameter_a, hyperparameter_b, pair_share, sign_share, reciprocal_share, tunability_interaction
from result.landscape_interaction where analysis_run_id = $run order by scope, position_a, position_b
