-- One row per configuration (at most one): the best mean rank over all benchmarks of a space; none where there is one benchmark only.
with node as (
  select
    e.configuration_id, e.benchmark_id,
    mart.loss(mart.unit_mean(e.value, u.effect, u.unit_count, 0.0), any_value(m.direction)) as loss
  from core.evaluation as e
  join core.metric as m on m.metric_id = e.metric_id
  left join mart.landscape_unit as u
    on u.search_space_id = e.search_space_id and u.benchmark_id = e.benchmark_id and u.metric_id = e.metric_id
    and u.split = e.split and u.fidelity is not distinct from e.fidelity
    and u.seed is not distinct from e.seed and u.fold is not distinct from e.fold
  where e.search_space_id = $space and e.metric_id = $metric and e.split = $split and e.fidelity is not distinct from $fidelity
  group by e.configuration_id, e.benchmark_id
  having loss is not null
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
