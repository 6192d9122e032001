-- Per row of a relation (run_id, metric_id, budget): the run's best value until then. NULL with the reason where the run failed: it has no usable value by then, or ended before.
(wanted) as table
select
  w.run_id, w.metric_id, w.budget,
  case when max(t.budget) >= w.budget then
    case any_value(m.direction)
      when 'max' then max(t.value) filter (where t.budget <= w.budget)
      else min(t.value) filter (where t.budget <= w.budget)
    end
  end as value,
  case
    when count(t.value) = 0 then 'no usable value'
    when max(t.budget) < w.budget then 'ended before the budget'
    when count(t.value) filter (where t.budget <= w.budget) = 0 then 'no usable value until the budget'
  end as reason,
  max(t.budget) as last_budget
from query_table(wanted) as w
join core.trace as t on t.run_id = w.run_id and t.metric_id = w.metric_id
join core.metric as m on m.metric_id = w.metric_id
group by w.run_id, w.metric_id, w.budget
