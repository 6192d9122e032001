-- One row per ranking of an experiment: what it was asked, and the slice that it looked at.
select r.analysis_run_id, r.parameters->>'metric' as metric, r.parameters->>'where' as condition,
  coalesce(r.parameters->>'failures', 'exclude') as failures, r.parameters->>'response' as response, r.warnings,
  (select any_value(a.setting) from result.ranking_algorithm as a where a.analysis_run_id = r.analysis_run_id) as setting,
  (select any_value(a.block_count) from result.ranking_algorithm as a where a.analysis_run_id = r.analysis_run_id)
    as block_count
from ops.analysis_run as r
where r.job = 'rankings' and r.subject = $subject
order by r.analysis_run_id desc
