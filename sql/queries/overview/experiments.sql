-- One row per experiment: the extent of its runs.
select experiment, count(distinct algorithm_id) as algorithm_count,
  count(distinct benchmark_id) as benchmark_count, count(distinct seed) as seed_count,
  count(distinct setting) as setting_count, count(*) as run_count
from mart.run
group by experiment
order by experiment
