-- One row per run and metric: its rank among the runs of its block (experiment x benchmark x seed x setting) at the last budget that all of them reach; 1 is best, ties share the mean.
with span as (
  select t.run_id, t.metric_id, max(t.budget) as last_budget
  from core.trace as t
  group by t.run_id, t.metric_id
),
block as (
  select
    s.run_id, s.metric_id, r.experiment_id, r.experiment, r.algorithm, r.benchmark, r.seed, r.setting, r.benchmark_id,
    min(s.last_budget) over (
      partition by r.experiment_id, r.benchmark_id, r.seed, r.setting, s.metric_id
    ) as common_budget
  from span as s
  join mart.run as r on r.run_id = s.run_id
),
reached as (
  select
    b.run_id, b.metric_id,
    case any_value(m.direction) when 'max' then -max(t.value) else min(t.value) end as loss
  from block as b
  join core.metric as m on m.metric_id = b.metric_id
  join core.trace as t on t.run_id = b.run_id and t.metric_id = b.metric_id and t.budget <= b.common_budget
  group by b.run_id, b.metric_id
),
ranked as (
  select
    b.experiment, b.algorithm, b.benchmark, b.seed, b.setting, m.name as metric, b.common_budget as budget,
    case m.direction when 'max' then -c.loss else c.loss end as incumbent,
    rank() over (partition by b.experiment_id, b.benchmark_id, b.seed, b.setting, b.metric_id order by c.loss)
    + (count(*) over (partition by b.experiment_id, b.benchmark_id, b.seed, b.setting, b.metric_id, c.loss) - 1) / 2
      as block_rank,
    count(*) over (partition by b.experiment_id, b.benchmark_id, b.seed, b.setting, b.metric_id) as block_size,
    count(c.loss) over (partition by b.experiment_id, b.benchmark_id, b.seed, b.setting, b.metric_id) as usable_count,
    b.run_id, b.metric_id
  from block as b
  join core.metric as m on m.metric_id = b.metric_id
  left join reached as c on c.run_id = b.run_id and c.metric_id = b.metric_id
)
select
  experiment, algorithm, benchmark, seed, setting, metric, budget, incumbent,
  case when usable_count = block_size then block_rank end as block_rank,
  block_size,
  case when usable_count < block_size then 'a run of the block has no usable value' end as reason,
  run_id, metric_id
from ranked
