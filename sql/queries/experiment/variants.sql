-- One row per analysis run (exactly one): how many pairs of benchmark and metric, by setting, it summarised.
select count(*) from (
  select distinct benchmark_id, setting, metric_id from result.trace_summary where analysis_run_id = $run
)
