-- One row per measured value, with names instead of ids; values that are not usable are NULL with their status.
select
  sp.name as search_space, e.configuration_id, b.name as benchmark, m.name as metric, m.direction,
  e.split, e.fidelity, e.seed, e.fold, e.value, e.cost, e.status, e.source_id
from core.evaluation as e
join core.search_space as sp on sp.search_space_id = e.search_space_id
join core.benchmark as b on b.benchmark_id = e.benchmark_id
join core.metric as m on m.metric_id = e.metric_id
