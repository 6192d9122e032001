-- One row per warehouse (exactly one): all that a report depends on, as sorted JSON.
select to_json(list(fact order by fact)) from (
  select concat_ws('|', 'source', source_id, kind, name, uri, fingerprint, row_count, refused_count, options,
    ingested_at) as fact from core.source
  union all
  select concat_ws('|', 'run', analysis_run_id, job, subject, job_version, parameters, input_fingerprint, warnings)
  from ops.analysis_run
  union all
  select concat_ws('|', 'ingest', ingest_id, action, row_count) from ops.ingest
)
