-- One row per landscape whose noise is known (at most one): the floor, how many configurations are within it of the best, and how far seeds and folds agree.
select n.configuration_count, n.unit_count, n.noise_floor, n.within_count, n.reliability
from result.landscape_subject as s
join result.landscape_noise as n
  on n.search_space_id = s.search_space_id and n.benchmark_id = s.benchmark_id and n.metric_id = s.metric_id
  and n.split = s.split and n.fidelity is not distinct from s.fidelity
where s.analysis_run_id = $run and s.seed is null and n.noise_floor is not null and n.within_count is not null
order by n.analysis_run_id desc
limit 1
