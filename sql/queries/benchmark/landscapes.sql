-- One row per landscape of the benchmark; what runs optimise comes first, costs come last.
with measured as (
  select distinct t.metric_id
  from core.trace as t
  join core.run as r on r.run_id = t.run_id
  where r.benchmark_id = $benchmark
)
select l.search_space, l.metric, l.direction,
  case l.direction when 'max' then 'higher' else 'lower' end as better, l.split, l.fidelity,
  l.configuration_count, l.cardinality,
  l.evaluation_count, l.ok_count, l.seed_count, l.search_space_id, l.metric_id
from mart.landscape as l
left join measured as m on m.metric_id = l.metric_id
where l.benchmark_id = $benchmark
order by m.metric_id is null, regexp_matches(lower(l.metric), 'time|latency|size|cost|flops|memory|param'),
  l.metric, l.search_space, list_position(['valid', 'test', 'train'], l.split), l.fidelity desc nulls first
