-- One row per setting, method and pair of algorithms of a model: the difference of their marginal means.
select setting, method, "first", "second", estimate, lower, upper, p_adjusted
from result.lmem_contrast
where analysis_run_id = $run and model = $model and factor = 'algorithm' and "first" is not null and "second" is not null
order by setting, method, "first", "second"
