-- Every evaluation has its benchmark, metric and source.
select e.benchmark_id, e.metric_id, e.source_id
from core.evaluation as e
where e.benchmark_id not in (select benchmark_id from core.benchmark)
  or e.metric_id not in (select metric_id from core.metric)
  or e.source_id not in (select source_id from core.source)
