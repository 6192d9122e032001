-- One row per model and variance component: a random term, or a pair of them.
select model, grouping_factor, term, other_term, level_count, variance, sd, correlation, lower, upper, is_singular,
  reason
from result.lmem_variance_component where analysis_run_id = $run order by model, position
