-- Steps, conclusions and changes belong to a nightly build; nothing ended before it started.
select nightly_id as id, 'step of no build' as reason from ops.nightly_step
where nightly_id not in (select nightly_id from ops.nightly)
union all
select nightly_id, 'conclusion of no build' from ops.conclusion where nightly_id not in (select nightly_id from ops.nightly)
union all
select nightly_id, 'change of no build' from ops.change where nightly_id not in (select nightly_id from ops.nightly)
union all
select nightly_id, 'conclusion twice' from ops.conclusion group by nightly_id, kind, subject, item having count(*) > 1
union all
select nightly_id, 'build ended before it started' from ops.nightly where ended_at < started_at
union all
select analysis_run_id, 'analysis ended before it started' from ops.analysis_run where ended_at < started_at
union all
select ingest_id, 'ingest ended before it started' from ops.ingest where ended_at < started_at
