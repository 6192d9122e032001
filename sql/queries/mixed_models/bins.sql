-- One row per bin of the residuals.
select lower, upper, row_count, expected_count from result.lmem_residual_bin
where analysis_run_id = $run and model = 'model' order by lower nulls first
