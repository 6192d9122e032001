-- One row per configuration of a landscape: its mean over seeds and folds (ok values only), and its loss (minimised).
with node as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity, configuration_id,
    -- favg sums with compensation: ties between configurations must not hang on the order in which seeds are read
    favg(value) as value,
    stddev_samp(value) as value_sd,
    count(value) as ok_count,
    count(*) as evaluation_count
  from core.evaluation
  group by search_space_id, benchmark_id, metric_id, split, fidelity, configuration_id
)
select
  sp.name as search_space, b.name as benchmark, m.name as metric, n.split, n.fidelity, n.configuration_id,
  n.value,
  case when m.direction = 'max' then -n.value else n.value end as loss,
  n.value_sd, n.ok_count, n.evaluation_count,
  n.search_space_id, n.benchmark_id, n.metric_id
from node as n
join core.search_space as sp on sp.search_space_id = n.search_space_id
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.metric as m on m.metric_id = n.metric_id
