-- One row per configuration and pair of benchmarks on one search space (same metric, split and fidelity): its mean value on each.
select
  f.search_space, f.benchmark as first_benchmark, s.benchmark as second_benchmark,
  f.metric, f.split, f.fidelity, f.configuration_id,
  f.value as first_value, s.value as second_value,
  f.loss as first_loss, s.loss as second_loss,
  f.search_space_id, f.benchmark_id as first_benchmark_id, s.benchmark_id as second_benchmark_id, f.metric_id
from mart.landscape_node as f
join mart.landscape_node as s
  on s.search_space_id = f.search_space_id
  and s.benchmark_id > f.benchmark_id
  and s.metric_id = f.metric_id
  and s.split = f.split
  and s.fidelity is not distinct from f.fidelity
  and s.configuration_id = f.configuration_id
