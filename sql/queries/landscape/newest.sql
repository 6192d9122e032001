-- One row per analysis run (at most one): the newest of a job on a subject.
select max(analysis_run_id) as id from ops.analysis_run where job = ? and subject = ? having id is not null
