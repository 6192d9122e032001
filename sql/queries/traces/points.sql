-- One row per run, metric and step: loss, regret, normalised regret and rank within its block (a table of the session: `traces_point`).
create or replace temp table traces_point as
with compared as (
  select metric_id, setting, count(distinct algorithm_id) as compared_count from traces_span group by metric_id, setting
),
prepared as (
  select
    {'benchmark': p.benchmark_id, 'metric': p.metric_id, 'setting': p.setting, 'seed': p.seed, 'step': p.step}
      as block,
    e.compared_count, p.run_id, p.metric_id, p.benchmark_id, p.algorithm_id, p.setting, p.seed, p.step, p.budget,
    p.weight, p.sign, p.loss, mart.regret(p.loss, c.best_loss) as regret,
    mart.normalized_regret(p.loss, c.best_loss, c.worst_loss) as normalized_regret
  from traces_grid_point as p
  join traces_scale as c on c.benchmark_id = p.benchmark_id and c.metric_id = p.metric_id
  join compared as e on e.metric_id = p.metric_id and e.setting = p.setting
)
select * exclude (block, compared_count) from mart.ranked(prepared)
