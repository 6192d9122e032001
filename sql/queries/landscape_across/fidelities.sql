-- One row per landscape and fidelity that was compared with the full one.
select search_space_id, benchmark_id, metric_id, split, fidelity, full_fidelity, spearman, best_overlap_10, cost
from result.landscape_fidelity
