-- A run occurs once in its experiment: algorithm, benchmark, seed and factors identify it.
with setting as (
  select run_id, string_agg(name || '=' || text_value, '|' order by name) as factors
  from core.run_factor
  group by run_id
)
select r.experiment_id, r.algorithm_id, r.benchmark_id, r.seed, s.factors, count(*) as occurrences
from core.run as r
left join setting as s on s.run_id = r.run_id
group by all
having count(*) > 1
