-- One row per job and subject (exactly one): the newest analysis run, NULL where there is none.
select max(analysis_run_id) from mart.newest_run where job = $job and subject = $subject
