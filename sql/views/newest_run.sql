-- One row per job and subject of an analysis: its newest run, whatever its parameters.
select job, subject, max(analysis_run_id) as analysis_run_id
from ops.analysis_run
group by job, subject
