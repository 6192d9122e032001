-- One row per configuration (at most one): the best mean rank over all benchmarks of a space; none where there is one benchmark only.
with node as (
  select e.configuration_id, e.benchmark_id, favg(case when m.direction = 'max' then -e.value else e.value end) as loss
  from core.evaluation as e
  join core.metric as m on m.metric_id = e.metric_id
  where e.search_space_id = $space and e.metric_id = $metric and e.split = $split and e.fidelity is not distinct from $fidelity
    and e.value is not null
  group by e.configuration_id, e.benchmark_id
),
ranked as (
  select configuration_id, benchmark_id, rank() over (partition by benchmark_id order by loss) as place from node
),
benchmark_count as (
  select count(distinct benchmark_id) as n from ranked
)
select configuration_id
from ranked
group by configuration_id
having count(*) = (select n from benchmark_count) and count(*) > 1
order by avg(place), configuration_id
limit 1
