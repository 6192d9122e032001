-- One row per comparison of two nested models.
select null_formula, full_formula, chi_square, df, p_value, distribution, p_bootstrap, bootstrap_count,
  bootstrap_quantile, p_permutation, permutation_count, reason
from result.lmem_comparison where analysis_run_id = $run
