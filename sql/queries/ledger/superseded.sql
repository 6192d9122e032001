-- One row per analysis run that as many newer ones as are kept have the job, subject and parameters of.
with kept as (select unnest($jobs) as job, unnest($subjects) as subject, unnest($parameters) as parameters),
ranked as (
  select
    a.analysis_run_id,
    row_number() over (partition by a.job, a.subject, a.parameters order by a.analysis_run_id desc) as place
  from ops.analysis_run as a
  semi join kept as k on k.job = a.job and k.subject = a.subject and k.parameters = a.parameters
)
select analysis_run_id from ranked where place > $keep
