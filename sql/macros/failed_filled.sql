-- The rows of a relation (run_id, block, benchmark_id, algorithm_id, direction, value, worst_loss, …), failed runs (value NULL) filled by a policy: exclude leaves them missing; last takes the worst value of the block (of the benchmark, where the whole block failed); impute takes the mean of the baseline algorithm on the benchmark, or without one the worst loss recorded there. Adds is_failed.
(points, policy, baseline) as table
with turned as (
  select *, mart.loss(value, direction) as loss, value is null as is_failed from query_table(points)
)
select
  * exclude (value, loss),
  case
    when not is_failed or policy = 'exclude' then value
    when policy = 'last' then mart.loss(
      coalesce(max(loss) over (partition by block), max(loss) over (partition by benchmark_id), worst_loss), direction
    )
    when policy = 'impute' then mart.loss(
      coalesce(avg(loss) filter (where algorithm_id = baseline) over (partition by benchmark_id), worst_loss), direction
    )
  end as value
from turned
