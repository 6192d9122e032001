-- One row per setting and algorithm of a model: its marginal mean.
select setting, level as algorithm, estimate
from result.lmem_marginal_mean
where analysis_run_id = $run and model = $model and factor = 'algorithm' and estimate is not null
order by setting, level
