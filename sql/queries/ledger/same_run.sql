-- One row per identity of an analysis: the newest run of the same job, subject, version, parameters, input and seed.
select max(analysis_run_id) from ops.analysis_run
where job = $job and subject = $subject and job_version = $version and parameters = $parameters
  and input_fingerprint = $input and seed is not distinct from $seed
