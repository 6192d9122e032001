-- One row per benchmark and metric: the best value known, from the traces and from the landscapes' means (valid before test, never train, highest fidelity).
with landscape_order as (
  select
    e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity,
    row_number() over (
      partition by e.search_space_id, e.benchmark_id, e.metric_id
      order by case e.split when 'valid' then 0 else 1 end, e.fidelity desc nulls last
    ) as preference
  from core.evaluation as e
  where e.split <> 'train'
  group by e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity
),
landscape_mean as (
  select e.benchmark_id, e.metric_id, mart.unit_mean(e.value, u.effect, u.unit_count, 0.0) as value
  from core.evaluation as e
  join landscape_order as o
    on o.search_space_id = e.search_space_id
    and o.benchmark_id = e.benchmark_id
    and o.metric_id = e.metric_id
    and o.split = e.split
    and o.fidelity is not distinct from e.fidelity
    and o.preference = 1
  left join mart.landscape_unit as u
    on u.search_space_id = e.search_space_id and u.benchmark_id = e.benchmark_id and u.metric_id = e.metric_id
    and u.split = e.split and u.fidelity is not distinct from e.fidelity
    and u.seed is not distinct from e.seed and u.fold is not distinct from e.fold
  group by e.search_space_id, e.benchmark_id, e.metric_id, e.configuration_id
),
candidate as (
  select benchmark_id, metric_id, 'landscape' as found_in, min(value) as lowest, max(value) as highest
  from landscape_mean
  group by benchmark_id, metric_id
  union all
  select r.benchmark_id, t.metric_id, 'trace' as found_in, min(t.value) as lowest, max(t.value) as highest
  from core.trace as t
  join core.run as r on r.run_id = t.run_id
  group by r.benchmark_id, t.metric_id
),
best as (
  select
    c.benchmark_id, c.metric_id, m.name as metric, m.direction,
    case m.direction when 'max' then max(c.highest) else min(c.lowest) end as value,
    case m.direction when 'max' then arg_max(c.found_in, c.highest) else arg_min(c.found_in, c.lowest) end as found_in
  from candidate as c
  join core.metric as m on m.metric_id = c.metric_id
  group by c.benchmark_id, c.metric_id, m.name, m.direction
)
select b.name as benchmark, t.metric, t.direction, t.value, t.found_in, t.benchmark_id, t.metric_id
from best as t
join core.benchmark as b on b.benchmark_id = t.benchmark_id
where t.value is not null
