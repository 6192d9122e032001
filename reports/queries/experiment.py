"""SQL of the experiment pages; `$run` is the analysis run, `$experiment` a name."""

SIZE = """
select count(distinct algorithm_id), count(distinct benchmark_id), count(distinct seed), count(*)
from mart.run where experiment = $experiment
"""
SETTINGS = "select count(distinct setting) from mart.run where experiment = $experiment"
METRICS = """
select distinct m.name, m.direction
from core.metric as m
where m.metric_id in (
  select metric_id from core.trace where run_id in (select run_id from mart.run where experiment = $experiment)
)
order by m.name
"""

OVERALL = """
select a.name as algorithm, t.setting, coalesce(m.name, 'each benchmark''s own') as metric, t.position_unit, t.position,
  t.benchmark_count, t.normalized_regret_mean, t.normalized_regret_lower, t.normalized_regret_upper,
  t.rank_mean, t.rank_lower, t.rank_upper, t.reason
from result.trace_overall as t
join core.algorithm as a on a.algorithm_id = t.algorithm_id
left join core.metric as m on m.metric_id = t.metric_id
where t.analysis_run_id = $run
order by t.setting, metric, a.algorithm_id, t.position
"""

WINNERS = """
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
"""

FINAL = """
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
"""

VARIANTS = """
select count(*) from (
  select distinct benchmark_id, setting, metric_id from result.trace_summary where analysis_run_id = $run
)
"""

SUMMARY = """
select b.name as benchmark, s.setting, a.name as algorithm, m.name as metric, m.direction, x.scale, s.budget,
  s.run_count, s.incumbent_median, s.incumbent_q25, s.incumbent_q75, s.regret_median, s.regret_q25, s.regret_q75
from result.trace_summary as s
join result.trace_axis as x
  on x.analysis_run_id = s.analysis_run_id and x.benchmark_id = s.benchmark_id and x.metric_id = s.metric_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.algorithm as a on a.algorithm_id = s.algorithm_id
join core.metric as m on m.metric_id = s.metric_id
where s.analysis_run_id = $run
order by b.name, s.setting, m.name, a.algorithm_id, s.budget
"""

FINAL_BY_BENCHMARK = """
select r.benchmark, g.setting, r.algorithm, m.name as metric,
  case m.direction when 'max' then 'higher' else 'lower' end as better,
  median(g.final_incumbent) as median_final, avg(g.final_normalized_regret) as mean_regret,
  avg(g.final_rank) as mean_rank, count(*) as runs
from result.run_regret as g
join mart.run as r on r.run_id = g.run_id
join core.metric as m on m.metric_id = g.metric_id
where g.analysis_run_id = $run
group by r.benchmark, g.setting, r.algorithm, m.name, m.direction
order by r.benchmark, g.setting, m.name, mean_rank
"""
