-- One row per model, setting, method and contrast of two levels.
select model, setting, contrast, method, estimate, standard_error, df, t_value, p_value, p_adjusted, lower, upper,
  effect_size, reason
from result.lmem_contrast where analysis_run_id = $run order by model, setting, method, p_adjusted nulls last
