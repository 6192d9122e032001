-- One row per analysis run (exactly one).
select analysis_run_id, job, subject, job_version, parameters, input_fingerprint, seed, ended_at,
warnings, program_version from ops.analysis_run where analysis_run_id = $run
