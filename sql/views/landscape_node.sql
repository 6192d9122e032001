-- One row per configuration of a landscape: its mean over seeds and folds (ok values only), and its loss (minimised).
-- The compensated mean does not depend on the order of rows, so ties stay ties.
-- Names are joined before grouping, so that a filter on them reaches the facts.
select
  sp.name as search_space, b.name as benchmark, m.name as metric, e.split, e.fidelity, e.configuration_id,
  favg(e.value) as value,
  case when m.direction = 'max' then -favg(e.value) else favg(e.value) end as loss,
  stddev_samp(e.value) as value_sd,
  count(e.value) as ok_count,
  count(*) as evaluation_count,
  e.search_space_id, e.benchmark_id, e.metric_id
from core.evaluation as e
join core.search_space as sp on sp.search_space_id = e.search_space_id
join core.benchmark as b on b.benchmark_id = e.benchmark_id
join core.metric as m on m.metric_id = e.metric_id
group by
  sp.name, b.name, m.name, m.direction, e.split, e.fidelity, e.configuration_id,
  e.search_space_id, e.benchmark_id, e.metric_id
