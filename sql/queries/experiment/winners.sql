-- One row per setting and metric whose algorithm of lowest mean normalised regret at the last position is alone there, with the one that follows.
with final as (
  select setting, metric_id, algorithm_id, benchmark_count,
    arg_max(normalized_regret_mean, position) as mean,
    arg_max(normalized_regret_lower, position) as low,
    arg_max(normalized_regret_upper, position) as high
  from result.trace_overall
  where analysis_run_id = $run and normalized_regret_mean is not null
  group by setting, metric_id, algorithm_id, benchmark_count
),
placed as (
  select f.*, a.name as algorithm,
    row_number() over (partition by setting, metric_id order by mean, f.algorithm_id) as place
  from final as f
  join core.algorithm as a on a.algorithm_id = f.algorithm_id
)
select b.setting, m.name as metric, b.benchmark_count, b.algorithm, b.mean, b.low, b.high,
  n.algorithm as next_algorithm, n.mean as next_mean, coalesce(b.high < n.low, false) as is_apart
from placed as b
join placed as n
  on n.setting = b.setting and n.metric_id is not distinct from b.metric_id and n.place = 2
left join core.metric as m on m.metric_id = b.metric_id
where b.place = 1 and b.mean < n.mean
order by b.setting, metric
