-- One row per step of a ladder of models, and term that it tried.
select direction, step, action, term, log_likelihood, aic, bic, chi_square, df, p_value, is_kept, reason, formula
from result.lmem_ladder where analysis_run_id = $run order by direction desc, step, p_value nulls last
