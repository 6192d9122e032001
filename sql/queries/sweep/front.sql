-- One row per trial: the whole first front, and of the other trials every k-th.
with found as (
  select t.number as trial, f.front, a.value as first, b.value as second, count(*) over () as total,
    row_number() over (order by f.front > 1, t.number) as place, count(*) filter (where f.front = 1) over () as best
  from result.sweep_front as f
  join core.trial as t using (trial_id)
  join core.trial_metric as a on a.trial_id = f.trial_id and a.metric_id = $first and a.step is null
  join core.trial_metric as b on b.trial_id = f.trial_id and b.metric_id = $second and b.step is null
  where f.analysis_run_id = $run
)
select trial, front, first, second, total
from found where front = 1 or (place - best) % greatest(1, ceil((total - best) / $most)::bigint) = 0
order by front, first
