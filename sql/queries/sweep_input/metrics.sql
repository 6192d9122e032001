-- One row per metric of a sweep, in the order of its columns.
select m.metric_id, m.name, m.direction
from core.sweep_metric as s join core.metric as m using (metric_id)
where s.sweep_id = $sweep order by s.position
