-- One row per search space (exactly one): the extent of what was evaluated.
select max(configuration_count) as configurations, count(distinct benchmark) as benchmarks,
  count(distinct metric) as metrics, count(distinct fidelity) as fidelities,
  max(seed_count) as seeds, max(fold_count) as folds, sum(evaluation_count) as evaluations
from mart.landscape where search_space_id = $space
