-- One row per metric and analysed sweep that has values of it, the newest analysis under the name the sweep has now.
-- `alike_count` sweeps share the metric; the largest of them has place 1.
select n.subject as sweep, n.analysis_run_id, s.sweep_id, s.metric_id, m.name as metric, m.direction, s.best_value,
  s.used_count, count(*) over (partition by s.metric_id) as alike_count,
  row_number() over (partition by s.metric_id order by s.used_count desc, n.subject) as place
from mart.newest_run as n
join result.sweep_summary as s using (analysis_run_id)
join core.metric as m using (metric_id)
where n.job = 'sweeps' and n.subject in (select subject from mart.current_sweep) and s.used_count > 0
