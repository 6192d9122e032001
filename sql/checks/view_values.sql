-- In the views an incumbent never gets worse, a rank lies within its block, a regret is not negative.
with step as (
  select run_id, metric_id, direction, incumbent,
    lag(incumbent) over (partition by run_id, metric_id order by budget) as before
  from mart.incumbent
)
select 'incumbent' as view_name, run_id, metric_id, incumbent as value
from step
where (direction = 'min' and incumbent > before) or (direction = 'max' and incumbent < before)
union all
select 'block_rank', run_id, metric_id, block_rank from mart.block_rank where block_rank not between 1 and block_size
union all
select 'run_regret', run_id, metric_id, regret from mart.run_regret where regret < -1e-9 * greatest(1, abs(final_incumbent))
