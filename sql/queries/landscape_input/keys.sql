-- One row per landscape (its values are means over seeds and folds), with a digest of its evaluations, whatever their order.
with landscape as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity,
    min(seed) < max(seed) as has_seeds,
    count(*)::varchar || ' ' || bit_xor(hash(configuration_id, seed, fold, value, status))::varchar as content
  from core.evaluation
  group by search_space_id, benchmark_id, metric_id, split, fidelity
)
select
  l.search_space_id, l.benchmark_id, l.metric_id, l.split, l.fidelity, s.name as search_space, b.name as benchmark,
  m.name as metric, m.direction, m.lower_bound, m.upper_bound, m.unit, s.fingerprint as space_fingerprint,
  s.cardinality, coalesce(l.has_seeds, false) as has_seeds, l.content
from landscape as l
join core.metric as m on m.metric_id = l.metric_id
join core.benchmark as b on b.benchmark_id = l.benchmark_id
join core.search_space as s on s.search_space_id = l.search_space_id
order by search_space, benchmark, l.metric_id, l.split, l.fidelity nulls first
