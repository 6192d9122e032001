-- One row per configuration and pair of fidelities of a landscape: its mean value at the lower and at the higher one.
select
  l.search_space, l.benchmark, l.metric, l.split, l.configuration_id,
  l.fidelity as lower_fidelity, h.fidelity as higher_fidelity,
  l.value as lower_value, h.value as higher_value,
  l.loss as lower_loss, h.loss as higher_loss,
  l.search_space_id, l.benchmark_id, l.metric_id
from mart.landscape_node as l
join mart.landscape_node as h
  on h.search_space_id = l.search_space_id
  and h.benchmark_id = l.benchmark_id
  and h.metric_id = l.metric_id
  and h.split = l.split
  and h.configuration_id = l.configuration_id
  and h.fidelity > l.fidelity
