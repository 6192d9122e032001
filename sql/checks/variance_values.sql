-- A variance is not negative, a share of variance lies between 0 and 1.
select analysis_run_id, 'negative variance of a cell' as reason from result.lmem_residual where variance < 0
union all
select analysis_run_id, 'negative variance component' from result.lmem_variance_component
where other_term is null and variance < 0
union all
select analysis_run_id, 'R2 outside 0 to 1' from result.lmem_model
where r2_marginal not between 0 and 1 or r2_conditional not between 0 and 1 + 1e-9 or r2_conditional < r2_marginal
