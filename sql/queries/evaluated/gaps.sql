-- One row per landscape and hyperparameter: its share of the gap between training and test, by the newest analysis.
with newest as (
  select subject, max(analysis_run_id) as analysis_run_id
  from ops.analysis_run
  where job = 'landscapes.overfitting' and starts_with(subject, $space || ': ')
  group by subject
)
select replace(replace(substr(n.subject, length($space) + 3), $space || '/', ''), ' against train', '') as landscape,
  g.hyperparameter, g.main_share, g.total_share, g.tree_importance, g.reason
from newest as n
join result.landscape_gap as g on g.analysis_run_id = n.analysis_run_id
order by landscape, g.position
