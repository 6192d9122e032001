-- One row per hyperparameter that was used: its correlation and its importance by every method.
select c.name as hyperparameter,
  any_value(r.coefficient) filter (where r.method in ('spearman', 'eta2')) as correlation,
  any_value(r.lower) filter (where r.method in ('spearman', 'eta2')) as correlation_lower,
  any_value(r.upper) filter (where r.method in ('spearman', 'eta2')) as correlation_upper,
  any_value(r.p_adjusted) filter (where r.method in ('spearman', 'eta2')) as p_adjusted,
  any_value(case r.method when 'eta2' then 'share between levels' else 'Spearman' end)
    filter (where r.method in ('spearman', 'eta2')) as correlation_kind,
  any_value(r.coefficient) filter (where r.method = 'pearson') as pearson,
  any_value(i.importance) filter (where i.method = 'permutation') as permutation,
  any_value(i.deviation) filter (where i.method = 'permutation') as permutation_sd,
  any_value(i.importance) filter (where i.method = 'permutation_worst') as permutation_worst,
  any_value(i.importance) filter (where i.method = 'impurity') as impurity,
  any_value(i.deviation) filter (where i.method = 'impurity') as impurity_sd,
  any_value(i.importance) filter (where i.method = 'shapley') as shapley,
  any_value(i.lower) filter (where i.method = 'shapley') as shapley_lower,
  any_value(i.upper) filter (where i.method = 'shapley') as shapley_upper,
  any_value(i.importance) filter (where i.method = 'fanova') as fanova,
  any_value(i.deviation) filter (where i.method = 'fanova') as fanova_sd,
  any_value(i.importance) filter (where i.method = 'ols_drop') as ols_drop,
  any_value(i.importance) filter (where i.method = 'near_best') as near_best,
  any_value(i.chance) filter (where i.method = 'near_best') as near_best_chance
from result.sweep_column as c
left join result.sweep_correlation as r
  on r.analysis_run_id = c.analysis_run_id and r.metric_id = c.metric_id and r.hyperparameter = c.name
left join result.sweep_importance as i
  on i.analysis_run_id = c.analysis_run_id and i.metric_id = c.metric_id and i.hyperparameter = c.name
    and i.hyperparameter_b is null
where c.analysis_run_id = $run and c.metric_id = $metric and c.role = 'used'
group by c.name, c.position
order by permutation desc nulls last, abs(correlation) desc nulls last, c.position
