-- The rows of a relation (block, algorithm_id, loss, compared_count, …) with their rank within the block: 1 is best, ties share the mean. NULL with the reason where the block does not hold each of the compared algorithms exactly once, with a usable value.
(points) as table
select
  *,
  case
    when compared_count < 2 then 'one algorithm only: nothing to rank'
    when count(*) over block > count(distinct algorithm_id) over block
      then 'several runs of one algorithm in the block: no pairing by seed'
    when count(*) over block < compared_count then 'an algorithm has no run in the block'
    when count(loss) over block < count(*) over block then 'a run of the block has no usable value'
  end as rank_reason,
  case
    when compared_count >= 2 and count(*) over block = compared_count and count(loss) over block = compared_count
      and count(distinct algorithm_id) over block = compared_count
      then rank() over (partition by block order by loss) + (count(*) over (partition by block, loss) - 1) / 2.0
  end as block_rank,
  count(*) over block as block_size
from query_table(points)
window block as (partition by block)
