-- One row per metric of the analysed sweep.
select s.*, m.name as metric, m.direction, t.number as best_number,
  case when (select count(*) from core.trial as o where o.sweep_id = s.sweep_id and o.name = t.name) = 1
    then t.name end as best_name
from result.sweep_summary as s
join core.metric as m using (metric_id)
left join core.trial as t on t.trial_id = s.best_trial_id and t.sweep_id = s.sweep_id
where s.analysis_run_id = $run
order by s.metric_id
