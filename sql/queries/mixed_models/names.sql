-- One row per subject that has a mixed model or a ranking.
select distinct subject from ops.analysis_run
where job like 'mixed_models.%' or job in ('rankings', 'tiers') order by subject
