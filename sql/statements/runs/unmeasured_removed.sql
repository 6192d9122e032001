-- One row per point of a metric on a benchmark on which it was not measured: they go.
delete from core.trace using core.run as r, hpowh_unmeasured as u
where trace.source_id = $source and r.run_id = trace.run_id
  and u.benchmark_id = r.benchmark_id and u.metric_id = trace.metric_id
