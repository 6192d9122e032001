-- One row per landscape and hyperparameter: its share of the gap between training and test, by the newest analysis.
select replace(replace(substr(n.subject, length($space) + 3), $space || '/', ''), ' against train', '') as landscape,
  g.hyperparameter, g.main_share, g.total_share, g.tree_importance, g.reason
from mart.newest_run as n
join result.landscape_gap as g on g.analysis_run_id = n.analysis_run_id
where n.job = 'landscapes.overfitting' and starts_with(n.subject, $space || ': ')
order by landscape, g.position
