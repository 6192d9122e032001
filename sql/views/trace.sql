-- One row per point of a trace: the value reported when that budget was spent (NULL with its status when not usable).
select
  r.experiment, r.algorithm, r.benchmark, r.seed, r.setting, m.name as metric, m.direction,
  t.budget, t.value, t.status, t.run_id, t.metric_id, r.benchmark_id, r.algorithm_id, t.source_id
from core.trace as t
join mart.run as r on r.run_id = t.run_id
join core.metric as m on m.metric_id = t.metric_id
