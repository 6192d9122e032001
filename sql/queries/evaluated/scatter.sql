-- One row per benchmark, metric and configuration: its value on training and on test data; an even sample of each.
with top as (
  select benchmark_id, metric_id, max(fidelity) as fidelity
  from mart.landscape where search_space_id = $space group by benchmark_id, metric_id
),
pair as (
  select p.benchmark, p.metric, p.configuration_id, p.first_value as train_value, p.second_value as test_value,
    row_number() over (partition by p.benchmark, p.metric order by hash(p.configuration_id)) as place
  from mart.split_pair as p
  join top as t on t.benchmark_id = p.benchmark_id and t.metric_id = p.metric_id
    and t.fidelity is not distinct from p.fidelity
  where p.search_space_id = $space and p.first_split = 'train' and p.second_split = 'test'
    and p.first_value is not null and p.second_value is not null and list_contains($benchmarks, p.benchmark)
)
select benchmark, metric, configuration_id, train_value, test_value
from pair where place <= $points
order by benchmark, metric, configuration_id
