-- One row per algorithm and setting: ranks and regrets at the end, over the benchmarks on which every algorithm has a value.
with by_benchmark as (
  select r.algorithm_id, r.algorithm, r.setting, r.benchmark_id,
    avg(g.final_normalized_regret) as final_regret, avg(g.anytime_normalized_regret) as anytime_regret,
    count(*) as runs, count(*) filter (where g.final_incumbent is null) as runs_without_value,
    sum(g.final_rank) as rank_sum, count(g.final_rank) as blocks
  from result.run_regret as g
  join mart.run as r on r.run_id = g.run_id
  where g.analysis_run_id = $run
  group by r.algorithm_id, r.algorithm, r.setting, r.benchmark_id
),
common as (
  select setting, benchmark_id
  from by_benchmark as b
  group by setting, benchmark_id
  having count(final_regret) = (
    select count(distinct o.algorithm_id) from by_benchmark as o where o.setting = b.setting
  )
),
first as (
  select r.algorithm_id, g.setting, count(*) as wins
  from result.run_regret as g
  join core.run as r on r.run_id = g.run_id
  join (
    select x.benchmark_id, x.seed, y.setting, y.metric_id, min(y.final_rank) as best
    from result.run_regret as y
    join core.run as x on x.run_id = y.run_id
    where y.analysis_run_id = $run
    group by x.benchmark_id, x.seed, y.setting, y.metric_id
  ) as b
    on b.benchmark_id = r.benchmark_id and b.seed is not distinct from r.seed and b.setting = g.setting
    and b.metric_id = g.metric_id and b.best = g.final_rank
  where g.analysis_run_id = $run and (g.setting, r.benchmark_id) in (select (setting, benchmark_id) from common)
  group by r.algorithm_id, g.setting
)
select b.algorithm, b.setting,
  sum(b.rank_sum) filter (where c.benchmark_id is not null)
    / nullif(sum(b.blocks) filter (where c.benchmark_id is not null), 0) as mean_rank,
  cast(coalesce(sum(b.blocks) filter (where c.benchmark_id is not null), 0) as bigint) as blocks,
  coalesce(any_value(f.wins), 0) as wins,
  count(c.benchmark_id) as benchmarks, count(*) as benchmarks_run,
  avg(b.final_regret) filter (where c.benchmark_id is not null) as final_regret,
  avg(b.anytime_regret) filter (where c.benchmark_id is not null) as anytime_regret,
  cast(sum(b.runs) as bigint) as runs, cast(sum(b.runs_without_value) as bigint) as runs_without_value
from by_benchmark as b
left join first as f on f.algorithm_id = b.algorithm_id and f.setting = b.setting
left join common as c on c.setting = b.setting and c.benchmark_id = b.benchmark_id
group by b.algorithm, b.algorithm_id, b.setting
order by b.setting, mean_rank, b.algorithm
