-- One row per metric of some of an experiment's points, and whether a run has several of them: a look that takes no time.
with point as (
  select t.run_id, t.metric_id, t.budget, t.value from core.trace as t
  where t.run_id in (
    select r.run_id from core.run as r
    join core.experiment as x on x.experiment_id = r.experiment_id
    where x.name = $subject
  )
  limit 20000
),
run as (
  select metric_id, coalesce(max(budget) > min(budget) filter (where value is not null), false) as is_several
  from point group by run_id, metric_id
)
select m.name, bool_or(r.is_several) as is_several
from run as r
join core.metric as m on m.metric_id = r.metric_id
group by m.name order by m.name
