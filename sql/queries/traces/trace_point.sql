-- One row per run, metric and step of the common axis at which the run has a value.
select run_id, metric_id, budget, sign * loss as incumbent, regret, normalized_regret, cast(block_rank as double)
  as block_rank
from traces_point where loss is not null order by metric_id, run_id, step
