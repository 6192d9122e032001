-- One row per analysis run.
select analysis_run_id, job, subject, job_version, seed, ended_at, epoch(ended_at) - epoch(started_at) as seconds,
  parameters, input_fingerprint, warnings, program_version
from ops.analysis_run order by analysis_run_id desc
