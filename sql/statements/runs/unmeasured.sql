-- One row per benchmark and metric of a source that has no cell filled there, where another metric has values.
create or replace temp table hpowh_unmeasured as
select r.benchmark_id, t.metric_id, count(*) as n
from core.trace as t
join core.run as r on r.run_id = t.run_id
where t.source_id = $source
group by r.benchmark_id, t.metric_id
having bool_and(t.status = 'missing')
  and r.benchmark_id in (
    select o.benchmark_id from core.trace as v join core.run as o on o.run_id = v.run_id
    where v.source_id = $source and v.value is not null
  )
