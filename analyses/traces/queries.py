"""The SQL of the trace analysis, step by step; every step is a temporary table beside the read-only warehouse.

`loss` is the value with its sign turned where the metric is maximised, so smaller is better everywhere.
"""

from __future__ import annotations

RUNS = """
create or replace temp table traces_run as
select run_id, algorithm_id, benchmark_id, seed, setting
from mart.run where experiment_id = ?
"""

SPANS = """
create or replace temp table traces_span as
select
  t.run_id, t.metric_id, any_value(r.algorithm_id) as algorithm_id, any_value(r.benchmark_id) as benchmark_id,
  any_value(r.seed) as seed, any_value(r.setting) as setting,
  any_value(case m.direction when 'max' then -1 else 1 end) as sign,
  min(t.budget) filter (where t.value is not null) as first_budget,
  max(t.budget) as last_budget,
  count(*) as point_count,
  count(*) filter (where t.value is null) as unusable_count
from core.trace as t
join traces_run as r on r.run_id = t.run_id
join core.metric as m on m.metric_id = t.metric_id
group by t.run_id, t.metric_id
"""

BUDGETS = """
create or replace temp table traces_budget as
select distinct s.benchmark_id, s.metric_id, t.budget
from core.trace as t
join traces_span as s on s.run_id = t.run_id and s.metric_id = t.metric_id
"""

STEPS = """
create or replace temp table traces_step as
select b.benchmark_id, b.metric_id, b.budget, g.step
from traces_budget as b
asof join traces_grid as g
  on g.benchmark_id = b.benchmark_id and g.metric_id = b.metric_id and b.budget <= g.budget
"""
"""Each recorded budget counts for the first budget of the axis that is not below it."""

GRID_POINTS = """
create or replace temp table traces_grid_point as
with reached as (
  select t.run_id, t.metric_id, p.step, min(s.sign * t.value) as loss
  from core.trace as t
  join traces_span as s on s.run_id = t.run_id and s.metric_id = t.metric_id
  join traces_step as p on p.benchmark_id = s.benchmark_id and p.metric_id = s.metric_id and p.budget = t.budget
  group by t.run_id, t.metric_id, p.step
)
select
  s.run_id, s.metric_id, s.benchmark_id, s.algorithm_id, s.seed, s.setting, s.sign, g.step, g.budget, g.weight,
  case when g.budget <= s.last_budget then min(r.loss) over (
    partition by s.run_id, s.metric_id order by g.step rows between unbounded preceding and current row
  ) end as loss
from traces_span as s
join traces_grid as g on g.benchmark_id = s.benchmark_id and g.metric_id = s.metric_id
left join reached as r on r.run_id = s.run_id and r.metric_id = s.metric_id and r.step = g.step
"""

SCALES = """
create or replace temp table traces_scale as
select
  p.benchmark_id, p.metric_id, any_value(p.sign) as sign,
  any_value(p.sign * k.value) as best_loss, max(p.loss) as worst_loss, any_value(k.found_in) as found_in
from traces_grid_point as p
left join best_known_here as k on k.benchmark_id = p.benchmark_id and k.metric_id = p.metric_id
group by p.benchmark_id, p.metric_id
"""

BEST_KNOWN = "create or replace temp table best_known_here as select * from mart.best_known"

BLOCKS = """
create or replace temp table traces_block as
with expected as (
  select benchmark_id, metric_id, setting, count(distinct algorithm_id) as algorithm_count
  from traces_span group by benchmark_id, metric_id, setting
)
select
  s.benchmark_id, s.metric_id, s.setting, s.seed, count(*) as run_count,
  case
    when any_value(e.algorithm_count) < 2 then 'one algorithm only: nothing to rank'
    when count(*) > count(distinct s.algorithm_id) then 'several runs of one algorithm in the block: no pairing by seed'
    when count(*) < any_value(e.algorithm_count) then 'an algorithm has no run in the block'
  end as reason
from traces_span as s
join expected as e on e.benchmark_id = s.benchmark_id and e.metric_id = s.metric_id and e.setting = s.setting
group by s.benchmark_id, s.metric_id, s.setting, s.seed
"""

POINTS = """
create or replace temp table traces_point as
select
  p.run_id, p.metric_id, p.benchmark_id, p.algorithm_id, p.setting, p.seed, p.step, p.budget, p.weight, p.sign, p.loss,
  p.loss - c.best_loss as regret,
  case when c.worst_loss > c.best_loss then (p.loss - c.best_loss) / (c.worst_loss - c.best_loss) end
    as normalized_regret,
  case when b.reason is null and count(p.loss) over block = b.run_count then
    rank() over (partition by p.benchmark_id, p.metric_id, p.setting, p.seed, p.step order by p.loss)
    + (count(*) over (partition by p.benchmark_id, p.metric_id, p.setting, p.seed, p.step, p.loss) - 1) / 2.0
  end as block_rank,
  b.run_count as block_size, b.reason as block_reason
from traces_grid_point as p
join traces_scale as c on c.benchmark_id = p.benchmark_id and c.metric_id = p.metric_id
join traces_block as b
  on b.benchmark_id = p.benchmark_id and b.metric_id = p.metric_id and b.setting = p.setting
  and b.seed is not distinct from p.seed
window block as (partition by p.benchmark_id, p.metric_id, p.setting, p.seed, p.step)
"""

TRACE_POINT = """
select run_id, metric_id, budget, sign * loss as incumbent, regret, normalized_regret, cast(block_rank as double)
  as block_rank
from traces_point where loss is not null order by metric_id, run_id, step
"""

SUMMARY = """
select
  benchmark_id, metric_id, algorithm_id, setting, budget, any_value(step) as step,
  cast(count(loss) as integer) as run_count,
  median(sign * loss) as incumbent_median,
  quantile_cont(sign * loss, 0.25) as incumbent_q25, quantile_cont(sign * loss, 0.75) as incumbent_q75,
  median(regret) as regret_median,
  quantile_cont(regret, 0.25) as regret_q25, quantile_cont(regret, 0.75) as regret_q75,
  avg(normalized_regret) as normalized_regret_mean, stddev_samp(normalized_regret) as normalized_regret_sd,
  cast(count(block_rank) as integer) as rank_count,
  cast(avg(block_rank) as double) as rank_mean, cast(stddev_samp(block_rank) as double) as rank_sd
from traces_point
group by benchmark_id, metric_id, algorithm_id, setting, budget
order by benchmark_id, metric_id, algorithm_id, setting, budget
"""

MATRIX = """
select normalized_regret
from traces_point order by benchmark_id, metric_id, algorithm_id, setting, run_id, step
"""

CELLS = """
select benchmark_id, metric_id, algorithm_id, setting, count(*) as point_count, max(step) as step_count
from traces_point
group by benchmark_id, metric_id, algorithm_id, setting
order by benchmark_id, metric_id, algorithm_id, setting
"""
"""Every cell has its runs times the steps of its axis as points, also where a run has no value."""

RUN_REGRET = """
with last as (
  select benchmark_id, metric_id, max(step) as step, max(budget) as budget
  from traces_grid group by benchmark_id, metric_id
),
area as (
  select
    run_id, metric_id,
    case when count(*) = count(normalized_regret) then sum(normalized_regret * weight) end as anytime,
    bool_or(loss is null and step = 1) as is_late
  from traces_point group by run_id, metric_id
)
select
  s.run_id, s.metric_id, s.setting, l.budget as final_budget, p.sign * p.loss as final_incumbent,
  p.regret as final_regret, p.normalized_regret as final_normalized_regret, a.anytime as anytime_normalized_regret,
  cast(p.block_rank as double) as final_rank, cast(b.run_count as integer) as block_size,
  nullif(concat_ws('; ',
    case
      when s.first_budget is null then 'no usable value'
      when l.budget is null then 'no common budget axis'
      when p.loss is null then 'stopped at budget ' || s.last_budget || ', before the end of the common axis'
      when a.is_late then 'first usable value after the start of the common axis: no anytime regret'
      when p.normalized_regret is null and p.regret is not null
        then 'all values equal the best known: no normalised regret'
      when p.regret is null then 'no best known value'
    end,
    case
      when p.block_rank is null and p.loss is not null
        then coalesce(b.reason, 'another run of the block has no value at the end: no rank')
    end
  ), '') as reason
from traces_span as s
left join last as l on l.benchmark_id = s.benchmark_id and l.metric_id = s.metric_id
left join traces_point as p on p.run_id = s.run_id and p.metric_id = s.metric_id and p.step = l.step
left join area as a on a.run_id = s.run_id and a.metric_id = s.metric_id
join traces_block as b
  on b.benchmark_id = s.benchmark_id and b.metric_id = s.metric_id and b.setting = s.setting
  and b.seed is not distinct from s.seed
order by s.metric_id, s.run_id
"""

AXIS = """
select
  s.benchmark_id, s.metric_id, cast(count(*) as integer) as run_count,
  cast(count(*) filter (where s.first_budget is not null and s.last_budget < g.upper) as integer) as early_end_count,
  any_value(c.sign * c.best_loss) as best_known, any_value(c.found_in) as best_found_in,
  any_value(c.sign * c.worst_loss) as worst
from traces_span as s
left join (
  select benchmark_id, metric_id, max(budget) as upper from traces_grid group by benchmark_id, metric_id
) as g on g.benchmark_id = s.benchmark_id and g.metric_id = s.metric_id
left join traces_scale as c on c.benchmark_id = s.benchmark_id and c.metric_id = s.metric_id
group by s.benchmark_id, s.metric_id
order by s.benchmark_id, s.metric_id
"""

COVERAGE = """
select
  c.algorithm_id, c.benchmark_id, c.setting, cast(c.run_count as integer) as run_count,
  cast(c.expected_seed_count as integer) as expected_count, c.missing_seeds,
  cast(coalesce(p.point_count, 0) as bigint) as point_count,
  cast(coalesce(p.unusable_count, 0) as bigint) as unusable_count
from mart.coverage as c
left join (
  select algorithm_id, benchmark_id, setting, sum(point_count) as point_count, sum(unusable_count) as unusable_count
  from traces_span group by algorithm_id, benchmark_id, setting
) as p on p.algorithm_id = c.algorithm_id and p.benchmark_id = c.benchmark_id and p.setting = c.setting
where c.experiment_id = ?
order by c.benchmark_id, c.algorithm_id, c.setting
"""

INPUT = """
with run as (select * from core.run where experiment_id = ?),
used as (
  select source_id from run
  union select source_id from core.run where benchmark_id in (select benchmark_id from run)
  union select source_id from core.evaluation where benchmark_id in (select benchmark_id from run)
)
select to_json(list(fact order by fact)) from (
  select concat_ws('|', 'source', s.source_id, s.kind, s.name, s.fingerprint, s.row_count, s.options) as fact
  from core.source as s join used as u on u.source_id = s.source_id
  union all
  select concat_ws('|', 'runs', count(*), min(run_id), max(run_id), sum(run_id)) from run
  union all
  select concat_ws('|', 'metric', metric_id, name, direction) from core.metric
  where metric_id in (select metric_id from core.trace where run_id in (select run_id from run))
)
"""
"""All the answer depends on: sources of the experiment and of its benchmarks' best known values, and run ids."""
