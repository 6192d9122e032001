-- One row per configuration, named by its first trial: the whole first front, and of the others every k-th.
with found as (
  select t.number as trial, f.front, coalesce(f.is_knee, false) as is_knee, a.mean as first, b.mean as second, count(*) over () as total,
    row_number() over (order by f.front > 1, t.number) as place, count(*) filter (where f.front = 1) over () as best
  from result.sweep_front as f
  join core.trial as t using (trial_id)
  join result.sweep_configuration as a
    on a.analysis_run_id = f.analysis_run_id and a.trial_id = f.trial_id and a.metric_id = $first
  join result.sweep_configuration as b
    on b.analysis_run_id = f.analysis_run_id and b.trial_id = f.trial_id and b.metric_id = $second
  where f.analysis_run_id = $run
)
select trial, front, is_knee, first, second, total
from found where front = 1 or (place - best) % greatest(1, ceil((total - best) / $most)::bigint) = 0
order by front, first
