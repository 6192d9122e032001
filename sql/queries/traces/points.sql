-- One row per run, metric and step: loss, regret, normalised regret and rank within its block (a table of the session: `traces_point`).
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
