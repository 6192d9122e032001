-- One row per run, with names instead of ids; `setting` is its further factors as text ('' when it has none).
with setting as (
  select run_id, string_agg(name || '=' || text_value, ', ' order by name) as setting
  from core.run_factor
  group by run_id
)
select
  x.name as experiment, a.name as algorithm, b.name as benchmark, r.seed, coalesce(s.setting, '') as setting,
  r.run_id, r.experiment_id, r.algorithm_id, r.benchmark_id, r.sweep_id, r.source_id
from core.run as r
join core.experiment as x on x.experiment_id = r.experiment_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
join core.benchmark as b on b.benchmark_id = r.benchmark_id
left join setting as s on s.run_id = r.run_id
