-- One row per metric of an experiment of which some run has points at several budgets.
with several as (
  select run_id, metric_id from core.trace
  group by run_id, metric_id having max(budget) > min(budget) filter (where value is not null)
)
select distinct m.name from several as s
join core.metric as m on m.metric_id = s.metric_id
join core.run as r on r.run_id = s.run_id
join core.experiment as x on x.experiment_id = r.experiment_id
where x.name = $subject
