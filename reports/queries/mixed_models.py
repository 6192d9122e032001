"""The SQL behind the pages of mixed models and rankings."""

from __future__ import annotations

NAMES = """
select distinct subject from ops.analysis_run
where job like 'mixed_models.%' or job = 'rankings' order by subject
"""
MODELS = """
select model, formula, criterion, row_count, excluded_count, parameter_count, log_likelihood, aic, bic, sigma,
  r2_marginal, r2_conditional, residual_skewness, residual_kurtosis, is_singular, is_converged, reason
from result.lmem_model where analysis_run_id = $run
"""
OTHERS = """
select r.analysis_run_id, m.formula, m.criterion, r.parameters->>'metric' as metric, r.parameters->>'budget' as budget,
  r.parameters->>'where' as condition, m.row_count, m.log_likelihood, m.aic, m.bic, m.is_converged
from ops.analysis_run as r join result.lmem_model as m using (analysis_run_id)
where r.job = 'mixed_models.fit' and r.subject = $subject and r.analysis_run_id <> $run and m.model = 'model'
qualify row_number() over (partition by r.parameters order by r.analysis_run_id desc) = 1
order by r.analysis_run_id desc limit 50
"""
MEANS = """
select model, factor, setting, level, estimate, standard_error, df, lower, upper, letters, reason
from result.lmem_marginal_mean where analysis_run_id = $run order by model, setting, estimate
"""
CONTRASTS = """
select model, setting, contrast, method, estimate, standard_error, df, t_value, p_value, p_adjusted, lower, upper,
  effect_size, reason
from result.lmem_contrast where analysis_run_id = $run order by model, setting, method, p_adjusted nulls last
"""
GROUPS = """
select model, setting, direction, group_number, level as name, position, estimate
from result.lmem_group where analysis_run_id = $run order by model, setting, group_number, position
"""
FIXED = """
select model, term, estimate, standard_error, df, t_value, p_value, lower, upper, reason
from result.lmem_fixed_effect where analysis_run_id = $run order by model, position
"""
VARIANCES = """
select model, grouping_factor, term, other_term, level_count, variance, sd, correlation, lower, upper, is_singular,
  reason
from result.lmem_variance_component where analysis_run_id = $run order by model, position
"""
MODES = """
select grouping_factor, term, level, mode, sd, mode - 1.96 * sd as lower, mode + 1.96 * sd as upper,
  count(*) over (partition by grouping_factor, term) as level_count
from result.lmem_random_effect where analysis_run_id = $run and model = 'model'
qualify row_number() over (partition by grouping_factor, term order by abs(mode) desc) <= 60
order by grouping_factor, term, mode
"""
BINS = """
select lower, upper, row_count, expected_count from result.lmem_residual_bin
where analysis_run_id = $run and model = 'model' order by lower nulls first
"""
RESIDUALS = """
select r.cell, r.row_count, r.fitted, r.mean, r.variance, m.sigma, r.skewness, r.kurtosis, r.reason
from result.lmem_residual as r join result.lmem_model as m using (analysis_run_id, model)
where r.analysis_run_id = $run and r.model = 'model' order by r.variance desc nulls last
"""
PRESETS = """
select preset, subject, verdict, p_value, p_adjusted, statistic, df1, df2, reason, test, null_formula, full_formula
from result.lmem_preset where analysis_run_id = $run
"""
LADDER = """
select direction, step, action, term, log_likelihood, aic, bic, chi_square, df, p_value, is_kept, reason, formula
from result.lmem_ladder where analysis_run_id = $run order by direction desc, step, p_value nulls last
"""
ANOMALIES = """
select benchmark, "first", "second", factor, good_level, bad_level, budget, shift, shift_lower, shift_upper, win_shift,
  win_shift_lower, win_shift_upper, consensus_shift, z_shift, z_win_shift, p_adjusted, is_reversed, is_anomalous, scale,
  reason
from result.lmem_anomaly where analysis_run_id = $run
order by is_anomalous desc, is_reversed desc, p_adjusted nulls last
"""
COVERAGE = """
select level, block, row_count from result.lmem_coverage
where analysis_run_id = $run and model = 'model' order by level, block
"""
COMPARISONS = """
select null_formula, full_formula, chi_square, df, p_value, distribution, p_bootstrap, bootstrap_count,
  bootstrap_quantile, p_permutation, permutation_count, reason
from result.lmem_comparison where analysis_run_id = $run
"""
POWER = """
select difference, benchmark_count, seed_count, power, lower, upper, power_analytic, replicate_count
from result.lmem_power where analysis_run_id = $run order by difference, seed_count, benchmark_count
"""
RANKS = """
select position, algorithm, mean_rank, mean_value, median_value, block_count
from result.ranking_algorithm where analysis_run_id = $run order by position
"""
RANK_TESTS = """
select test, statistic, df1, df2, p_value, critical_difference, block_count, dropped_count, reason
from result.ranking_test where analysis_run_id = $run
"""
RANK_PAIRS = """
select test, "first", "second", estimate, p_value, p_adjusted, probability_first, probability_rope,
  probability_second, reason
from result.ranking_pair where analysis_run_id = $run
"""
RANK_GROUPS = """
select method, direction, group_number, algorithm as name, position, mean_rank as estimate
from result.ranking_group where analysis_run_id = $run order by method, group_number, position
"""
RANK_BAYES = """
select "first", "second", probability_first, probability_rope, probability_second
from result.ranking_pair where analysis_run_id = $run and test = 'bayes_signed_rank'
"""
AGREEMENT = """
select "first", "second", lmem_p_adjusted, nemenyi_p, wilcoxon_p_adjusted, lmem_verdict, nemenyi_verdict,
  wilcoxon_verdict, bayes_verdict, is_agreed, sentence
from result.ranking_agreement where analysis_run_id = $run
"""
