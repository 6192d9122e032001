-- One row per analysis run (exactly one): what was asked of what. Without times: in Python they need the zones of all lands.
select analysis_run_id, job, subject, parameters, warnings from ops.analysis_run where analysis_run_id = $run
