-- One row per landscape (exactly one): what its values are means of.
select
  s.search_space_id, b.name as benchmark, s.split, s.fidelity, s.configuration_count,
  count(*) as evaluations, count(*) filter (where e.status = 'ok') as usable,
  count(distinct e.seed) as seed_count, count(distinct e.fold) as fold_count
from result.landscape_subject as s
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.evaluation as e
  on e.search_space_id = s.search_space_id and e.benchmark_id = s.benchmark_id and e.metric_id = s.metric_id
  and e.split = s.split and e.fidelity is not distinct from s.fidelity
where s.analysis_run_id = $run
group by all
