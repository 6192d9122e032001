-- One row per setting, method and contrast of the model that conclusions rest on; ratios where the response is a logarithm.
select c.setting, c.contrast, c.method, c.estimate, c.lower, c.upper,
  case when m.response = 'log_regret' then pow(10, c.estimate) end as ratio,
  case when m.response = 'log_regret' then pow(10, c.lower) end as ratio_lower,
  case when m.response = 'log_regret' then pow(10, c.upper) end as ratio_upper,
  c.p_adjusted, c.t_value, c.df, c.effect_size, c.reason
from result.lmem_contrast as c
join result.lmem_model as m on m.analysis_run_id = c.analysis_run_id and m.model = c.model
where c.analysis_run_id = $run and coalesce(m.is_basis, m.model = 'model')
order by c.setting, c.method, c.p_adjusted nulls last, c.contrast
