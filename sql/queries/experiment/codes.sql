-- One row per metric and value that several runs end with and that lies farther from all others on its benchmarks than these from one another: perhaps a code for failures.
with last as (
  select e.metric_id, e.final_incumbent as v, r.benchmark_id, r.algorithm_id
  from result.run_regret as e join core.run as r on r.run_id = e.run_id
  where e.analysis_run_id = $run and isfinite(e.final_incumbent)
),
ends as (select metric_id, benchmark_id, min(v) as low, max(v) as high from last group by all),
found as (
  select metric_id, benchmark_id, any_value(low) as low, any_value(high) as high, count(*) as n,
    count(*) filter (where v = low) as lows, count(*) filter (where v = high) as highs,
    min(v) filter (where v > low) as above, max(v) filter (where v < high) as below
  from last join ends using (metric_id, benchmark_id) group by all
),
ending as (
  select metric_id, benchmark_id, low as v, lows as tied, above as next from found
  where mart.is_code(n, lows, low, above, high)
  union all
  select metric_id, benchmark_id, high, highs, below from found
  where mart.is_code(n, highs, high, below, low)
),
place as (select metric_id, count(*) as places from ending group by metric_id),
far as (
  select ending.metric_id, v from ending join place on place.metric_id is not distinct from ending.metric_id
  group by ending.metric_id, v having mart.is_told_code(
    max(tied), count(*), any_value(places), mart.digit_count(v), median(mart.digit_count(next)))
)
select m.name as metric, far.v as value, count(*) as run_count, count(distinct last.benchmark_id) as benchmark_count,
  list(distinct a.name order by a.name) as algorithms
from far
join last on last.metric_id is not distinct from far.metric_id and last.v = far.v
join core.algorithm as a on a.algorithm_id = last.algorithm_id
left join core.metric as m on m.metric_id = far.metric_id
group by m.name, far.v having count(*) > 1 and count(distinct (last.benchmark_id, last.algorithm_id)) > 1
order by run_count desc, value limit 3
