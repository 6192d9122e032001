-- One row per hyperparameter and metric: its permutation importance.
select i.hyperparameter, m.name as metric, i.importance, i.deviation, i.r_squared, i.verdict
from result.sweep_importance as i join core.metric as m using (metric_id)
where i.analysis_run_id = $run and i.method = 'permutation' and i.importance is not null
order by max(i.importance) over (partition by i.hyperparameter) desc, i.hyperparameter, i.metric_id
