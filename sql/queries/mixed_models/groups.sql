-- One row per model, setting, group of levels that do not differ, and level in it.
select model, setting, direction, group_number, level as name, position, estimate
from result.lmem_group where analysis_run_id = $run order by model, setting, group_number, position
