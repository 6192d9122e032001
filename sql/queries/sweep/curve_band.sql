-- One row per step that at least five trials reached: the spread of the values there; of many steps every k-th.
select v.step, count(*) as trial_count, quantile_cont(v.value, 0.1) as lower, median(v.value) as middle,
  quantile_cont(v.value, 0.9) as upper
from core.trial as t
join core.trial_metric as v
  on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is not null and v.status = 'ok'
where t.sweep_id = $sweep
group by v.step
having count(*) >= 5
qualify row_number() over (order by v.step) % greatest(1, ceil(count(*) over () / 200.0)::bigint) = 0
order by v.step
