-- One row per run of a source that another source has brought too: same experiment, algorithm, benchmark, seed, factors.
with described as (
  select r.source_id, r.experiment_id, r.algorithm_id, r.benchmark_id, r.seed,
    coalesce((select string_agg(f.name || '=' || f.text_value, ', ' order by f.name)
              from core.run_factor as f where f.run_id = r.run_id), '') as setting
  from core.run as r
  where r.experiment_id in (select experiment_id from core.run where source_id = $source)
)
select x.name, a.name, b.name, n.seed, n.setting, s.name
from described as n
join described as o on o.source_id <> n.source_id and o.experiment_id = n.experiment_id
  and o.algorithm_id = n.algorithm_id and o.benchmark_id = n.benchmark_id
  and o.seed is not distinct from n.seed and o.setting = n.setting
join core.experiment as x on x.experiment_id = n.experiment_id
join core.algorithm as a on a.algorithm_id = n.algorithm_id
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.source as s on s.source_id = o.source_id
where n.source_id = $source limit 1
