-- One row per algorithm and benchmark of a source with fewer seeds than the most that any pair has.
with counted as (
  select a.name as algorithm, b.name as benchmark, count(distinct r.seed) as seeds
  from core.run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  join core.benchmark as b on b.benchmark_id = r.benchmark_id
  where r.source_id = $source group by all
)
select algorithm, benchmark, seeds, (select max(seeds) from counted) from counted
where seeds < (select max(seeds) from counted) order by all
