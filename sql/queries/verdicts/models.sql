-- One row per fit of an experiment: what it was asked, and the model that its conclusions rest on.
with calibrated as (
  select r.analysis_run_id, r.subject, r.input_fingerprint, r.parameters, c.formula, c.formula_fitted,
    {'rate': c.rate, 'lower': c.lower, 'upper': c.upper, 'count': c.replicate_count} as found
  from ops.analysis_run as r
  join result.lmem_calibration as c on c.analysis_run_id = r.analysis_run_id
  where r.job = 'mixed_models.calibrate' and c.rate is not null
)
select r.analysis_run_id, r.parameters->>'metric' as metric, r.parameters->>'budget' as asked,
  r.parameters->>'where' as condition, coalesce(r.parameters->>'failures', 'exclude') as failures,
  r.parameters->>'formula' as asked_formula, coalesce(r.parameters->>'variance', 'auto') as variance,
  m.model, m.formula, m.response, m.budget, m.row_count, m.is_converged, r.warnings,
  (select any_value(g.direction) from result.lmem_group as g
    where g.analysis_run_id = r.analysis_run_id and g.model = m.model and g.factor = 'algorithm') as direction,
  (select count(distinct c.block) from result.lmem_coverage as c
    where c.analysis_run_id = r.analysis_run_id and c.model = m.model and c.row_count > 0) as benchmark_count,
  (select max_by(k.found, k.analysis_run_id) from calibrated as k
    where k.subject = r.subject and k.input_fingerprint = r.input_fingerprint
      and (k.formula in ((r.parameters->>'formula'), m.formula) or k.formula_fitted = m.formula)
      and (k.parameters->>'metric') is not distinct from (r.parameters->>'metric')
      and (k.parameters->>'budget') is not distinct from (r.parameters->>'budget')
      and (k.parameters->>'where') is not distinct from (r.parameters->>'where')
      and coalesce(k.parameters->>'failures', 'exclude') = coalesce(r.parameters->>'failures', 'exclude')) as calibration
from ops.analysis_run as r
join result.lmem_model as m on m.analysis_run_id = r.analysis_run_id
where r.job = 'mixed_models.fit' and r.subject = $subject and coalesce(m.is_basis, m.model = 'model')
order by r.analysis_run_id desc
