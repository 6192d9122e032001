-- One row per cell of the model: its residuals' moments, the widest first.
select r.cell, r.row_count, r.fitted, r.mean, r.variance, m.sigma, r.skewness, r.kurtosis, r.reason
from result.lmem_residual as r join result.lmem_model as m using (analysis_run_id, model)
where r.analysis_run_id = $run and r.model = 'model' order by r.variance desc nulls last
