-- One row per landscape of the search space, a column a measure.
pivot (
  select benchmark, metric, split, fidelity, measure, value from mart.landscape_measure
  where search_space = $space and seed is null
) on measure in (
  'n_lo', 'assortativity_rank', 'neutrality', 'fdc_spearman', 'basin_global_share', 'monotone_share',
  'variance_ranks_main', 'interaction_reciprocal'
) using first(value) group by benchmark, metric, split, fidelity order by benchmark, metric, split, fidelity
