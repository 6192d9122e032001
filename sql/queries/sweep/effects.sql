-- One row per hyperparameter: its share of the variance alone, how large it may be, and its adjusted test.
select hyperparameter, case method when 'levels' then 'levels' else 'parabola of ranks' end as test,
  configuration_count, share, lower, upper, bound, p, p_adjusted, slope, reason
from result.sweep_effect where analysis_run_id = $run and metric_id = $metric
order by p_adjusted nulls last, share desc nulls last, hyperparameter
