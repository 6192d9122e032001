-- One row per metric of an experiment.
select distinct m.name from core.metric as m
join core.trace as t on t.metric_id = m.metric_id
join core.run as r on r.run_id = t.run_id
join core.experiment as x on x.experiment_id = r.experiment_id
where x.name = $subject order by m.name
