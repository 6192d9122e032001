"""The SQL of the pages of sweeps."""

ANALYSED = "select distinct subject from ops.analysis_run where job = 'sweeps' order by subject"

SUMMARY = """
select s.*, m.name as metric, m.direction, t.number as best_number, t.name as best_name
from result.sweep_summary as s
join core.metric as m using (metric_id)
left join core.trial as t on t.trial_id = s.best_trial_id and t.sweep_id = s.sweep_id
where s.analysis_run_id = $run
order by s.metric_id
"""

OVERVIEW = """
with newest as (
  select subject, max(analysis_run_id) as analysis_run_id from ops.analysis_run where job = 'sweeps' group by subject
),
first as (
  select analysis_run_id, metric_id, hyperparameter, r_squared, verdict
  from result.sweep_importance where method = 'permutation' and place = 1
)
select n.subject as sweep, m.name as metric, m.direction, s.trial_count, s.used_count, s.best_value,
  case when f.verdict in ('usable', 'weak') then f.hyperparameter end as most_important, f.r_squared,
  coalesce(f.verdict, 'unknown') as verdict, s.reason
from newest as n
join result.sweep_summary as s using (analysis_run_id)
join core.metric as m using (metric_id)
left join first as f on f.analysis_run_id = n.analysis_run_id and f.metric_id = s.metric_id
order by sweep, s.metric_id
"""

OF_RUNS = """
select r.experiment, r.algorithm, count(distinct s.sweep_id) as sweep_count, count(*) as trial_count,
  count(*) filter (where t.status = 'failed') as failed_count,
  count(*) filter (where t.status = 'pruned') as pruned_count
from core.sweep as s
join core.run as c using (sweep_id)
join mart.run as r using (run_id)
join core.trial as t on t.sweep_id = s.sweep_id
group by all
order by all
"""

COLUMNS = """
select position, name, role, kind, is_log, present_count, missing_count, distinct_count, imputed_count, imputed_value,
  note
from result.sweep_column where analysis_run_id = $run and metric_id = $metric order by position
"""

MATTERS = """
select c.name as hyperparameter,
  any_value(r.coefficient) filter (where r.method in ('spearman', 'eta2')) as correlation,
  any_value(r.lower) filter (where r.method in ('spearman', 'eta2')) as correlation_lower,
  any_value(r.upper) filter (where r.method in ('spearman', 'eta2')) as correlation_upper,
  any_value(r.p_adjusted) filter (where r.method in ('spearman', 'eta2')) as p_adjusted,
  any_value(case r.method when 'eta2' then 'eta squared' else 'Spearman' end)
    filter (where r.method in ('spearman', 'eta2')) as correlation_kind,
  any_value(r.coefficient) filter (where r.method = 'pearson') as pearson,
  any_value(i.importance) filter (where i.method = 'permutation') as permutation,
  any_value(i.deviation) filter (where i.method = 'permutation') as permutation_sd,
  any_value(i.importance) filter (where i.method = 'impurity') as impurity,
  any_value(i.importance) filter (where i.method = 'fanova') as fanova,
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
"""

MODELS = """
select model, trial_count, r_squared, r_squared_left_out, r_squared_sd, verdict, reason
from result.sweep_model where analysis_run_id = $run and metric_id = $metric order by model
"""

PAIRS = """
select hyperparameter, hyperparameter_b, importance, deviation
from result.sweep_importance
where analysis_run_id = $run and metric_id = $metric and method = 'fanova_pair' order by place
"""

AGREEMENT = """
select method_a, method_b, hyperparameter_count, tau, is_same_first, reason
from result.sweep_agreement where analysis_run_id = $run and metric_id = $metric order by tau desc nulls last
"""

CONFOUNDING = """
select hyperparameter_a, hyperparameter_b, method, coefficient, is_confounded, trial_count
from result.sweep_confounding where analysis_run_id = $run and metric_id = $metric order by abs(coefficient) desc
"""

TERMS = """
select term, coefficient, standard_error, t, p, lower, upper, standardised, vif, reason
from result.sweep_term where analysis_run_id = $run and metric_id = $metric order by position
"""

DEPENDENCE = """
select hyperparameter, position, numeric_value, level, mean, lower, upper
from result.sweep_dependence where analysis_run_id = $run and metric_id = $metric order by hyperparameter, position
"""

SURFACE = """
select hyperparameter_a, hyperparameter_b, position_a, position_b, numeric_a, numeric_b, level_a, level_b, mean
from result.sweep_surface where analysis_run_id = $run and metric_id = $metric order by position_b, position_a
"""

STEPS = """
select step, trial_count, spearman, lower, upper, kept_share, reason
from result.sweep_step where analysis_run_id = $run and metric_id = $metric order by step
"""

HISTORY = """
select t.number, v.value, t.duration, t.status
from core.trial as t
join core.trial_metric as v on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is null and v.status = 'ok'
where t.sweep_id = $sweep and t.status = 'finished'
order by t.number
"""

FRONT = """
select t.number as trial, f.front, a.value as first, b.value as second
from result.sweep_front as f
join core.trial as t using (trial_id)
join core.trial_metric as a on a.trial_id = f.trial_id and a.metric_id = $first and a.step is null
join core.trial_metric as b on b.trial_id = f.trial_id and b.metric_id = $second and b.step is null
where f.analysis_run_id = $run
order by f.front, first
"""

RANGES = """
select hyperparameter, level, lower, lower_from, lower_to, upper, upper_from, upper_to, tried_lower, tried_upper,
  share, share_from, share_to, tried_share, best_count, reason
from result.sweep_range where analysis_run_id = $run and metric_id = $metric
order by hyperparameter, tried_share desc
"""

UNTRIED = """
select hyperparameter_a, part_a, hyperparameter_b, part_b, expected
from result.sweep_untried where analysis_run_id = $run and metric_id = $metric order by expected desc
"""

SUGGESTIONS = """
select suggestion, any_value(predicted) as predicted, any_value(deviation) as deviation,
  string_agg(hyperparameter || ' = ' || coalesce(text_value, format('{:.6g}', numeric_value)), ', '
    order by hyperparameter) as configuration
from result.sweep_suggestion where analysis_run_id = $run and metric_id = $metric
group by suggestion
order by suggestion
"""
