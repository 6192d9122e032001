-- One row per landscape whose noise was measured.
select search_space_id, benchmark_id, metric_id, split, fidelity, configuration_count, best_loss, median_loss,
  noise_floor
from result.landscape_noise
