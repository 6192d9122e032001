-- One row per term of the least-squares model.
select term, coefficient, standard_error, t, p, lower, upper, standardised, vif, reason
from result.sweep_term where analysis_run_id = $run and metric_id = $metric order by position
