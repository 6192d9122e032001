-- One row per hyperparameter (or level of one): where the best trials lie, the most important hyperparameter first.
select r.hyperparameter, r.level, r.lower, r.lower_from, r.lower_to, r.upper, r.upper_from, r.upper_to, r.tried_lower,
  r.tried_upper, r.share, r.share_from, r.share_to, r.tried_share, r.best_count, r.reason, c.is_log
from result.sweep_range as r
join result.sweep_column as c
  on c.analysis_run_id = r.analysis_run_id and c.metric_id = r.metric_id and c.name = r.hyperparameter
left join result.sweep_importance as i
  on i.analysis_run_id = r.analysis_run_id and i.metric_id = r.metric_id and i.hyperparameter = r.hyperparameter
    and i.method = 'permutation'
where r.analysis_run_id = $run and r.metric_id = $metric and (r.level is not null) = $is_level
order by i.place nulls last, r.hyperparameter, r.share desc, r.tried_share desc
