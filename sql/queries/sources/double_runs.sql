-- One row per algorithm, benchmark, seed and factors of an experiment that a sweep of the source shares with another run.
with labelled as (
  select r.run_id, r.experiment_id, r.algorithm_id, r.benchmark_id, r.seed, r.source_id, s.name as sweep,
    coalesce((select string_agg(f.name || '=' || f.text_value, ' ' order by f.name)
              from core.run_factor as f where f.run_id = r.run_id), '') as setting
  from core.run as r left join core.sweep as s on s.sweep_id = r.sweep_id
  where r.experiment_id in (select experiment_id from core.run where source_id = $source)
)
select a.name, b.name, l.seed, count(*), string_agg(coalesce(l.sweep, 'a run of another source'), ', ')
from labelled as l
join core.algorithm as a using (algorithm_id) join core.benchmark as b using (benchmark_id)
group by l.experiment_id, a.name, b.name, l.seed, l.setting
having count(*) > 1 and bool_or(l.source_id = $source)
order by all limit 1
