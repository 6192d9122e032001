-- Every point of a trace belongs to a run of the same source and has its metric.
select t.run_id, t.metric_id, t.source_id
from core.trace as t
left join core.run as r on r.run_id = t.run_id
where r.run_id is null or r.source_id <> t.source_id or t.metric_id not in (select metric_id from core.metric)
