"""The SQL of the pages of sweeps."""

from hpowh.analyses.sweeps.reading.queries import SWEEPS

CURRENT = f"select subject from ({SWEEPS})"
"""What sweeps are called now. One that was analysed before a second one of its name came has another name since."""

ANALYSED = f"""
select distinct subject from ops.analysis_run where job = 'sweeps' and subject in ({CURRENT}) order by subject
"""

LOADED = """
select o.name, o.uri, s.tool from core.sweep as s join core.source as o using (source_id) where s.sweep_id = $sweep
"""

AS_LOADED = """
select count(*) as trial_count,
  case any_value(m.direction) when 'min' then min(v.value) else max(v.value) end as best_value
from core.trial as t
cross join (select * from core.metric where metric_id = $metric) as m
left join core.trial_metric as v
  on v.trial_id = t.trial_id and v.metric_id = m.metric_id and v.step is null and v.status = 'ok'
    and t.status = 'finished'
where t.sweep_id = $sweep
"""

UNUSED = """
select name from result.sweep_column
where analysis_run_id = $run and metric_id = $metric and role = 'sparse'
order by present_count desc, position limit $most
"""
"""Hyperparameters that too few trials have for an analysis: the table of trials shows them nevertheless."""

SUMMARY = """
select s.*, m.name as metric, m.direction, t.number as best_number,
  case when (select count(*) from core.trial as o where o.sweep_id = s.sweep_id and o.name = t.name) = 1
    then t.name end as best_name
from result.sweep_summary as s
join core.metric as m using (metric_id)
left join core.trial as t on t.trial_id = s.best_trial_id and t.sweep_id = s.sweep_id
where s.analysis_run_id = $run
order by s.metric_id
"""

OVERVIEW = f"""
with newest as (
  select subject, max(analysis_run_id) as analysis_run_id
  from ops.analysis_run where job = 'sweeps' and subject in ({CURRENT}) group by subject
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
"""

MODELS = """
select model,
  case model when 'extra_trees' then 'extremely randomised trees' when 'random_forest' then 'random forest'
    when 'ols' then 'least squares' else model end as model_name,
  trial_count, r_squared, r_squared_left_out, r_squared_sd, verdict, reason
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
with valued as (
  select t.number, v.value, coalesce(t.duration, epoch(t.ended_at) - epoch(t.started_at)) as duration,
    row_number() over (order by t.number) as place, count(*) over () as total,
    $sign * min($sign * v.value) over (order by t.number rows unbounded preceding) as best
  from core.trial as t
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is null and v.status = 'ok'
  where t.sweep_id = $sweep and t.status = 'finished'
),
records as (select *, best is distinct from lag(best) over (order by number) as is_record from valued)
select number, value, duration, best, total
from records
where place % greatest(1, ceil(total / $most)::bigint) = 0 or is_record or place = total
order by number
"""
"""The course of a sweep: all trials that improved on those before, and of the others every k-th, $most in all."""

CURVES = """
with valued as (
  select t.trial_id, t.number, t.status, v.step, v.value
  from core.trial as t
  join core.trial_metric as v
    on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is not null and v.status = 'ok'
  where t.sweep_id = $sweep
),
trials as (
  select v.trial_id, any_value(v.number) as number, count(*) as steps,
    row_number() over (order by any_value($sign * f.value) nulls last, any_value(v.number)) as place,
    count(*) over () as total
  from valued as v
  left join core.trial_metric as f
    on f.trial_id = v.trial_id and f.metric_id = $metric and f.step is null and f.status = 'ok'
      and v.status = 'finished'
  group by v.trial_id
),
chosen as (
  select * from trials where place <= $best or (place - $best) % greatest(1, ceil((total - $best) / $others)) = 0
)
select v.number, v.status, v.step, v.value, c.place <= $best as is_best, c.total
from valued as v join chosen as c using (trial_id)
qualify row_number() over (partition by v.trial_id order by v.step) % greatest(1, ceil(c.steps / $points)::bigint) = 0
  or row_number() over (partition by v.trial_id order by v.step desc) = 1
order by is_best, v.number, v.step
"""
"""Intermediate values of the $best best trials and of every k-th other one, $others of them; $points a trial."""

CURVE_BAND = """
select v.step, count(*) as trial_count, quantile_cont(v.value, 0.1) as lower, median(v.value) as middle,
  quantile_cont(v.value, 0.9) as upper
from core.trial as t
join core.trial_metric as v
  on v.trial_id = t.trial_id and v.metric_id = $metric and v.step is not null and v.status = 'ok'
where t.sweep_id = $sweep
group by v.step
having count(*) >= 5
qualify row_number() over (order by v.step) % greatest(1, ceil(count(*) over () / 200.0)::bigint) = 0
order by v.step
"""

BUDGETS = """
select kind, trial_count, spearman, lower, upper, p, least, most, reason
from result.sweep_budget where analysis_run_id = $run and metric_id = $metric order by kind
"""

SHAPLEY = """
with ranked as (
  select s.hyperparameter, t.number as trial, s.value, coalesce(p.numeric_value::text, p.text_value) as setting,
    case when count(p.numeric_value) over one = count(p.name) over one and p.name is not null
      then percent_rank() over (partition by s.hyperparameter order by p.numeric_value) end as height
  from result.sweep_shapley as s
  join core.trial as t on t.trial_id = s.trial_id and t.sweep_id = $sweep
  left join core.trial_parameter as p on p.trial_id = s.trial_id and p.name = s.hyperparameter
  where s.analysis_run_id = $run and s.metric_id = $metric
  window one as (partition by s.hyperparameter)
),
weighed as (select *, avg(abs(value)) over (partition by hyperparameter) as importance from ranked)
select hyperparameter, trial, value, setting, height, importance
from weighed
qualify dense_rank() over (order by importance desc, hyperparameter) <= 8
order by importance desc, hyperparameter, trial
"""

INTERACTIONS = """
select hyperparameter_a, level_a, hyperparameter_b, level_b, partial_correlation, p_adjusted
from result.sweep_interaction where analysis_run_id = $run and metric_id = $metric order by p_adjusted
"""

TRADEOFF = """
select a.name as metric_a, b.name as metric_b, t.trial_count, t.spearman, t.lower, t.upper, t.front_count, t.reason
from result.sweep_tradeoff as t
join core.metric as a on a.metric_id = t.metric_a_id
join core.metric as b on b.metric_id = t.metric_b_id
where t.analysis_run_id = $run
order by t.metric_a_id, t.metric_b_id
"""

PER_METRIC = """
select i.hyperparameter, m.name as metric, i.importance, i.deviation, i.r_squared, i.verdict
from result.sweep_importance as i join core.metric as m using (metric_id)
where i.analysis_run_id = $run and i.method = 'permutation' and i.importance is not null
order by max(i.importance) over (partition by i.hyperparameter) desc, i.hyperparameter, i.metric_id
"""

FRONT = """
with found as (
  select t.number as trial, f.front, a.value as first, b.value as second, count(*) over () as total,
    row_number() over (order by f.front > 1, t.number) as place, count(*) filter (where f.front = 1) over () as best
  from result.sweep_front as f
  join core.trial as t using (trial_id)
  join core.trial_metric as a on a.trial_id = f.trial_id and a.metric_id = $first and a.step is null
  join core.trial_metric as b on b.trial_id = f.trial_id and b.metric_id = $second and b.step is null
  where f.analysis_run_id = $run
)
select trial, front, first, second, total
from found where front = 1 or (place - best) % greatest(1, ceil((total - best) / $most)::bigint) = 0
order by front, first
"""
"""The front, and of the other trials every k-th, $most of them."""

RANGES = """
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
"""
"""Where the best trials lie: of numbers or of levels, the most important hyperparameter first."""

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
