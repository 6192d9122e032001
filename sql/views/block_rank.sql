-- One row per run and metric: its rank among the runs of its block (experiment x benchmark x seed x setting) at the largest budget that all runs of the benchmark reach; 1 is best, ties share the mean. NULL with the reason unless the block holds every algorithm of the setting.
with compared as (
  select r.experiment_id, r.setting, s.metric_id, count(distinct r.algorithm_id) as compared_count
  from mart.run_span as s
  join mart.run as r on r.run_id = s.run_id
  group by r.experiment_id, r.setting, s.metric_id
),
points as (
  select
    (r.experiment_id, r.benchmark_id, r.seed, r.setting, v.metric_id) as block,
    r.algorithm_id, mart.loss(v.final_incumbent, v.direction) as loss, c.compared_count,
    v.experiment, v.algorithm, v.benchmark, v.seed, v.setting, v.metric, v.compared_budget as budget,
    v.final_incumbent as incumbent, v.run_id, v.metric_id
  from mart.run_regret as v
  join mart.run as r on r.run_id = v.run_id
  join compared as c
    on c.experiment_id = r.experiment_id and c.setting = r.setting and c.metric_id = v.metric_id
)
select
  experiment, algorithm, benchmark, seed, setting, metric, budget, incumbent, block_rank, block_size,
  rank_reason as reason, run_id, metric_id
from mart.ranked(points)
