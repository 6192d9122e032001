-- One row per local optimum, the best first; none where too little was evaluated to speak of any.
select o.configuration_id
from result.landscape_optimum as o
join result.landscape_metric as m
  on m.analysis_run_id = o.analysis_run_id and m.name = 'n_lo' and m.value is not null
where o.analysis_run_id = $run order by o.loss, o.configuration_id
