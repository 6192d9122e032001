-- One row per experiment (exactly one): all that the answer depends on, as sorted JSON: sources of the experiment and of its benchmarks' best known values, and run ids.
with run as (select * from core.run where experiment_id = $experiment),
used as (
  select source_id from run
  union select source_id from core.run where benchmark_id in (select benchmark_id from run)
  union select source_id from core.evaluation where benchmark_id in (select benchmark_id from run)
)
select to_json(list(fact order by fact)) from (
  select concat_ws('|', 'source', s.source_id, s.kind, s.name, s.fingerprint, s.row_count, s.options) as fact
  from core.source as s join used as u on u.source_id = s.source_id
  union all
  select concat_ws('|', 'runs', count(*), min(run_id), max(run_id), sum(run_id)) from run
  union all
  select concat_ws('|', 'metric', metric_id, name, direction) from core.metric
  where metric_id in (select metric_id from core.trace where run_id in (select run_id from run))
)
