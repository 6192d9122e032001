-- One row per model of the analysis run.
select model, formula, criterion, row_count, excluded_count, parameter_count, log_likelihood, aic, bic, sigma,
  r2_marginal, r2_conditional, residual_skewness, residual_kurtosis, is_singular, is_converged, reason
from result.lmem_model where analysis_run_id = $run
