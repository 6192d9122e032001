-- One row per benchmark, metric, split and fidelity: where the optimum stands, and how much of the full fidelity's best tenth is among the best here.
select
  b.name as benchmark, m.name as metric, f.split, f.fidelity, f.configuration_count, f.optimum_configuration_id,
  f.optimum_count, f.optimum_distance, f.optimum_better_share, f.best_share, f.kept_share, f.persistent_share
from result.landscape_film as f
join core.benchmark as b on b.benchmark_id = f.benchmark_id
join core.metric as m on m.metric_id = f.metric_id
where f.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], f.split), m.name, b.name, f.fidelity nulls last
