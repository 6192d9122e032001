-- One row per landscape: how much of its search space was evaluated.
select search_space, benchmark, metric, split, fidelity, configuration_count, cardinality,
  100 * coverage as percent, seed_count, evaluation_count, evaluation_count - ok_count as unusable_count
from mart.landscape
order by search_space, benchmark, metric, split, fidelity
