-- One row per algorithm, benchmark and setting of the experiment, also where no run was loaded.
select
  c.algorithm_id, c.benchmark_id, c.setting, cast(c.run_count as integer) as run_count,
  cast(c.expected_seed_count as integer) as expected_count, c.missing_seeds,
  cast(coalesce(p.point_count, 0) as bigint) as point_count,
  cast(coalesce(p.unusable_count, 0) as bigint) as unusable_count
from mart.coverage as c
left join (
  select algorithm_id, benchmark_id, setting, sum(point_count) as point_count, sum(unusable_count) as unusable_count
  from traces_span group by algorithm_id, benchmark_id, setting
) as p on p.algorithm_id = c.algorithm_id and p.benchmark_id = c.benchmark_id and p.setting = c.setting
where c.experiment_id = $experiment
order by c.benchmark_id, c.algorithm_id, c.setting
