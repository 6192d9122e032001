-- One row per experiment, algorithm, benchmark and setting, run or not: how many of the experiment's seeds are there and which are missing.
with setting as (select distinct experiment_id, experiment, setting from mart.run),
algorithm as (select distinct experiment_id, algorithm_id, algorithm from mart.run),
benchmark as (select distinct experiment_id, benchmark_id, benchmark from mart.run),
seeds as (
  select experiment_id, list(distinct seed order by seed) filter (where seed is not null) as seeds
  from core.run
  group by experiment_id
),
there as (
  select
    experiment_id, algorithm_id, benchmark_id, setting,
    count(*) as run_count,
    list(distinct seed) filter (where seed is not null) as seeds
  from mart.run
  group by experiment_id, algorithm_id, benchmark_id, setting
)
select
  s.experiment, a.algorithm, b.benchmark, s.setting,
  coalesce(t.run_count, 0) as run_count,
  len(coalesce(e.seeds, [])) as expected_seed_count,
  list_filter(coalesce(e.seeds, []), lambda x: not list_contains(coalesce(t.seeds, []), x)) as missing_seeds,
  s.experiment_id, a.algorithm_id, b.benchmark_id
from setting as s
join algorithm as a on a.experiment_id = s.experiment_id
join benchmark as b on b.experiment_id = s.experiment_id
join seeds as e on e.experiment_id = s.experiment_id
left join there as t
  on t.experiment_id = s.experiment_id
  and t.algorithm_id = a.algorithm_id
  and t.benchmark_id = b.benchmark_id
  and t.setting = s.setting
