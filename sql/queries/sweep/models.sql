-- One row per surrogate model of the sweep.
select model,
  case model when 'extra_trees' then 'extremely randomised trees' when 'random_forest' then 'random forest'
    when 'ols' then 'least squares' when 'gaussian_process' then 'Gaussian process' else model end as model_name,
  trial_count, r_squared, r_squared_left_out, r_squared_sd, verdict, reason
from result.sweep_model where analysis_run_id = $run and metric_id = $metric order by model
