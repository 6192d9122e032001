-- One row per configuration of a landscape at one fidelity and pair of splits (train-valid, train-test, valid-test): its mean value on each.
select
  f.search_space, f.benchmark, f.metric, f.fidelity, f.configuration_id,
  f.split as first_split, s.split as second_split,
  f.value as first_value, s.value as second_value,
  f.loss as first_loss, s.loss as second_loss,
  f.search_space_id, f.benchmark_id, f.metric_id
from mart.landscape_node as f
join mart.landscape_node as s
  on s.search_space_id = f.search_space_id
  and s.benchmark_id = f.benchmark_id
  and s.metric_id = f.metric_id
  and s.fidelity is not distinct from f.fidelity
  and s.configuration_id = f.configuration_id
  and list_position(['train', 'valid', 'test'], f.split) < list_position(['train', 'valid', 'test'], s.split)
