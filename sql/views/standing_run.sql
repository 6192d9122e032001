-- One row per job, subject and parameters of an analysis: its newest run, what stands of that analysis.
select analysis_run_id, job, subject, parameters
from ops.analysis_run
where analysis_run_id in (select max(analysis_run_id) from ops.analysis_run group by job, subject, parameters)
