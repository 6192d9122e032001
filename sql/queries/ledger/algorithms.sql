-- One row per algorithm, in the order in which they came.
select name from core.algorithm order by algorithm_id
