-- Per experiment, metric and benchmark: the largest budget at which its runs can be compared, from a relation with a row a run (experiment_id, metric_id, benchmark_id, algorithm_id, first_budget, last_budget). That is the last budget that all of them reach; where this would lose more than a tenth of what four fifths of every algorithm's runs reach, it is that one, and whoever ended before has no value at it. Runs without a usable value do not count.
(ends) as table
with algorithm as (
  select
    experiment_id, metric_id, benchmark_id, algorithm_id,
    list(first_budget order by first_budget)[cast(ceil(0.8 * count(*) - 1e-9) as bigint)] as begun,
    list(last_budget order by last_budget desc)[cast(ceil(0.8 * count(*) - 1e-9) as bigint)] as reached,
    min(last_budget) as all_reached,
    count(*) as run_count
  from query_table(ends)
  where first_budget is not null
  group by experiment_id, metric_id, benchmark_id, algorithm_id
)
select
  experiment_id, metric_id, benchmark_id,
  max(begun) as lower_budget,
  case
    when min(all_reached) >= greatest(0.9 * min(reached), max(begun)) then min(all_reached)
    else min(reached)
  end as budget,
  cast(sum(run_count) as bigint) as run_count
from algorithm
group by experiment_id, metric_id, benchmark_id
