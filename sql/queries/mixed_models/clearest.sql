-- One row per significant contrast of the model, the three with the smallest adjusted p.
select c.contrast, c.setting, c.estimate, c.p_adjusted, c.method, trim(split_part(m.formula, '~', 1))
from result.lmem_contrast as c join result.lmem_model as m using (analysis_run_id, model)
where analysis_run_id = $run and model = 'model' and p_adjusted < 0.05 order by p_adjusted limit 3
