-- One row per metric that a run of the experiment recorded.
select distinct m.name, m.direction
from core.metric as m
where m.metric_id in (
  select metric_id from core.trace where run_id in (select run_id from mart.run where experiment = $experiment)
)
order by m.name
