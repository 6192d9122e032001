-- One row per number that describes a landscape or its gap, by the subject of its analysis; later runs come later.
with number as (
  select analysis_run_id, name, value from result.landscape_metric
  union all
  select analysis_run_id, 'neutrality_1_percent', neutrality from result.landscape_neutrality
  where abs(relative_epsilon - 0.01) < 1e-9
  union all
  select analysis_run_id, 'ndc_1_percent', ndc_spearman from result.landscape_neutrality
  where abs(relative_epsilon - 0.01) < 1e-9
)
select r.subject, n.name, n.value
from number as n
join ops.analysis_run as r on r.analysis_run_id = n.analysis_run_id
where r.job in ('landscapes', 'landscapes.overfitting') and n.value is not null
order by r.analysis_run_id
