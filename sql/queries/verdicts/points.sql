-- One row per metric of an experiment of which some run has points at several budgets.
select distinct m.name from mart.run_span as s
join core.metric as m on m.metric_id = s.metric_id
join core.run as r on r.run_id = s.run_id
join core.experiment as x on x.experiment_id = r.experiment_id
where x.name = $subject and s.last_budget > s.first_budget
