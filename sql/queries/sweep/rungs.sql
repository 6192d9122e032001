-- One row per step and hyperparameter, of the eight that explain most anywhere: the share of the variance it explains there.
select r.step, r.configuration_count, r.hyperparameter, r.share, r.lower, r.upper
from result.sweep_rung as r
where r.analysis_run_id = $run and r.metric_id = $metric
  and r.hyperparameter in (
    select hyperparameter from result.sweep_rung where analysis_run_id = $run and metric_id = $metric
    group by hyperparameter order by max(share) desc, hyperparameter limit 8
  )
order by r.hyperparameter, r.step
