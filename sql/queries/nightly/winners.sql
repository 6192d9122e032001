-- One row per experiment, metric and setting: the algorithm with the lowest mean normalised regret at the end.
with final as (
  select r.subject, t.setting, t.metric_id, t.algorithm_id,
    arg_max(t.normalized_regret_mean, t.position) as mean,
    arg_max(t.normalized_regret_lower, t.position) as lower,
    arg_max(t.normalized_regret_upper, t.position) as upper
  from mart.standing_run as r
  join result.trace_overall as t on t.analysis_run_id = r.analysis_run_id
  where r.job = 'traces' and t.normalized_regret_mean is not null
  group by all
)
select f.subject, concat_ws(' | ', m.name, f.setting) as item, a.name as verdict, f.mean as value, f.lower, f.upper,
  null::double as p_value, to_json({metric: m.name, setting: f.setting})::varchar as context
from final as f
join core.algorithm as a on a.algorithm_id = f.algorithm_id
left join core.metric as m on m.metric_id = f.metric_id
qualify row_number() over (partition by f.subject, f.setting, f.metric_id order by f.mean, a.name) = 1
