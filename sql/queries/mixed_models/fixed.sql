-- One row per model and fixed effect.
select model, term, estimate, standard_error, df, t_value, p_value, lower, upper, reason
from result.lmem_fixed_effect where analysis_run_id = $run order by model, position
