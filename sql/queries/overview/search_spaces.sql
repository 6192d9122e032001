-- One row per search space: the extent of its evaluations.
with evaluated as (
  select search_space_id, count(distinct benchmark_id) as benchmark_count,
    count(*) as evaluation_count
  from core.evaluation
  group by search_space_id
),
dimension as (
  select search_space_id, count(*) as hyperparameter_count, string_agg(name, ', ' order by position) as names
  from core.hyperparameter
  group by search_space_id
)
select s.name as search_space, d.hyperparameter_count, s.configuration_count as cardinality, e.benchmark_count,
  e.evaluation_count, d.names as hyperparameters
from mart.search_space as s
left join evaluated as e on e.search_space_id = s.search_space_id
left join dimension as d on d.search_space_id = s.search_space_id
order by s.name
