-- One row per landscape: search space x benchmark x metric x split x fidelity. Counts all evaluations, usable or not.
with counted as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity,
    count(*) as evaluation_count,
    count(*) filter (where status = 'ok') as ok_count,
    count(distinct configuration_id) as configuration_count,
    count(distinct seed) as seed_count,
    count(distinct fold) as fold_count
  from core.evaluation
  group by search_space_id, benchmark_id, metric_id, split, fidelity
)
select
  sp.name as search_space, b.name as benchmark, m.name as metric, m.direction, c.split, c.fidelity,
  c.evaluation_count, c.ok_count, c.configuration_count, sp.configuration_count as cardinality,
  c.configuration_count / sp.configuration_count as coverage,
  c.seed_count, c.fold_count,
  c.search_space_id, c.benchmark_id, c.metric_id
from counted as c
join mart.search_space as sp on sp.search_space_id = c.search_space_id
join core.benchmark as b on b.benchmark_id = c.benchmark_id
join core.metric as m on m.metric_id = c.metric_id
