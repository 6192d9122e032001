-- One row per experiment: the states of all sources of its runs and of what is known of its benchmarks, as one text.
with run as (select * from core.run where experiment_id = $experiment),
benchmark as (select distinct benchmark_id from run),
used as (
  select source_id from run
  union select source_id from core.run where benchmark_id in (from benchmark)
  union select source_id from core.evaluation where benchmark_id in (from benchmark)
  union select source_id from core.benchmark_feature where benchmark_id in (from benchmark)
)
select string_agg(name || ':' || fingerprint, '|' order by name, fingerprint)
from core.source
where source_id in (from used)
