-- One row per benchmark, with its number of runs.
select b.benchmark_id, b.name,
  (select count(*) from core.run as r where r.benchmark_id = b.benchmark_id) as run_count
from core.benchmark as b
order by b.name
