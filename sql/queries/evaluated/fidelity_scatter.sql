-- One row per benchmark, metric, split, lower fidelity and configuration: its value there and at the highest; a sample.
with top as (
  select benchmark_id, metric_id, split, max(fidelity) as fidelity
  from mart.landscape where search_space_id = $space group by benchmark_id, metric_id, split
),
pair as (
  select p.benchmark, p.metric, p.split, p.lower_fidelity, p.configuration_id, p.lower_value, p.higher_value as full_value,
    row_number() over (
      partition by p.benchmark, p.metric, p.split, p.lower_fidelity order by hash(p.configuration_id), p.configuration_id
    ) as place
  from mart.fidelity_pair as p
  join top as t on t.benchmark_id = p.benchmark_id and t.metric_id = p.metric_id and t.split = p.split
    and t.fidelity = p.higher_fidelity
  where p.search_space_id = $space and p.lower_value is not null and p.higher_value is not null
    and list_contains($benchmarks, p.benchmark)
)
select benchmark, metric, split, lower_fidelity, configuration_id, lower_value, full_value
from pair where place <= $points
order by benchmark, metric, lower_fidelity, configuration_id
