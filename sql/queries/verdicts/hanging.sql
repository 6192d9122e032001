-- One row per setting and pair whose verdict hangs on what failed runs count.
select setting, "first", "second"
from result.lmem_failure
where analysis_run_id = $run and model = $model and "first" <> ''
group by setting, "first", "second"
having count(distinct verdict) > 1
