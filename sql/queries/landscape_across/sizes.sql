-- One row per benchmark and kind of size: the median over configurations, at the highest fidelity, of the trained models' number of parameters, and of what an evaluation cost.
with top as (
  select search_space_id, benchmark_id, max(coalesce(fidelity, 'infinity')) as fidelity
  from core.evaluation group by search_space_id, benchmark_id
),
here as (
  select e.benchmark_id, e.configuration_id, m.name as metric, avg(e.value) as value, avg(e.cost) as cost
  from core.evaluation as e
  join top as t
    on t.search_space_id = e.search_space_id and t.benchmark_id = e.benchmark_id
    and t.fidelity = coalesce(e.fidelity, 'infinity')
  join core.metric as m on m.metric_id = e.metric_id
  where e.cost is not null or m.name = 'parameter_count'
  group by e.benchmark_id, e.configuration_id, m.name
)
select benchmark_id, 'parameter_count_median' as name, median(value) as value
from here where metric = 'parameter_count' and value is not null group by benchmark_id
union all
select benchmark_id, 'training_cost_median', median(cost)
from (select benchmark_id, configuration_id, max(cost) as cost from here group by all)
where cost is not null
group by benchmark_id
order by all
