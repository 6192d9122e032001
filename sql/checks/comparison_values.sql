-- An estimate lies within its interval where both come from one principle (a share of variance and its noncentral interval do not), the Bayesian probabilities add up to 1, a rank lies among the algorithms.
select analysis_run_id, 'contrast outside its interval' as reason from result.lmem_contrast
where estimate not between lower and upper
union all
select analysis_run_id, 'fixed effect outside its interval' from result.lmem_fixed_effect
where estimate not between lower and upper
union all
select analysis_run_id, 'marginal mean outside its interval' from result.lmem_marginal_mean
where estimate not between lower and upper
union all
select analysis_run_id, 'correlation outside its interval' from result.sweep_correlation
where method <> 'eta2' and coefficient not between lower - 1e-9 and upper + 1e-9
union all
select analysis_run_id, 'probabilities do not add up to 1' from result.ranking_pair
where abs(probability_first + probability_rope + probability_second - 1) > 1e-6
union all
select analysis_run_id, 'mean rank out of range'
from (
  select analysis_run_id, mean_rank, count(*) over (partition by analysis_run_id, setting) as algorithm_count
  from result.ranking_algorithm
)
where mean_rank not between 1 and algorithm_count
union all
select analysis_run_id, 'p-value falls by adjustment' from result.lmem_contrast where p_adjusted < p_value - 1e-9
