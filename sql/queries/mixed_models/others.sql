-- One row per other model of the same subject, of each set of parameters the newest; the newest 50.
select r.analysis_run_id, m.formula, m.criterion, r.parameters->>'metric' as metric, r.parameters->>'budget' as budget,
  r.parameters->>'where' as condition, m.row_count, m.log_likelihood, m.aic, m.bic, m.is_converged
from ops.analysis_run as r join result.lmem_model as m using (analysis_run_id)
where r.job = 'mixed_models.fit' and r.subject = $subject and r.analysis_run_id <> $run and m.model = 'model'
qualify row_number() over (partition by r.parameters order by r.analysis_run_id desc) = 1
order by r.analysis_run_id desc limit 50
