-- One row per analysis run that may have something to say: every model and ranking, else the newest of its job and subject.
select r.analysis_run_id, r.job, r.subject, n.analysis_run_id is not null as is_newest
from ops.analysis_run as r
left join mart.newest_run as n on n.analysis_run_id = r.analysis_run_id
where n.analysis_run_id is not null or r.job in ('mixed_models.fit', 'rankings')
order by r.subject, r.job, r.analysis_run_id desc
