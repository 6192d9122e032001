-- One row per model, setting and level: its estimated marginal mean.
select model, factor, setting, level, estimate, standard_error, df, lower, upper, letters, reason
from result.lmem_marginal_mean where analysis_run_id = $run order by model, setting, estimate
