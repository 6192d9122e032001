-- One row per point of a trace, with the best usable value so far in the metric's direction (NULL before the first).
select
  experiment, algorithm, benchmark, seed, setting, metric, direction, budget, value, status,
  case direction
    when 'max' then max(value) over so_far
    else min(value) over so_far
  end as incumbent,
  run_id, metric_id, benchmark_id, algorithm_id
from mart.trace
window so_far as (partition by run_id, metric_id order by budget rows between unbounded preceding and current row)
