-- One row per benchmark, metric and split: the cheapest fidelity that keeps the best configurations.
select b.name as benchmark, m.name as metric, f.split, f.fidelity, f.fidelity is not distinct from f.full_fidelity as
  is_full, f.cost_share, f.saved_share, f.top_share, f.regret, f.is_noise
from result.landscape_fidelity as f
join core.benchmark as b on b.benchmark_id = f.benchmark_id
join core.metric as m on m.metric_id = f.metric_id
where f.analysis_run_id = $run and f.is_cheapest
order by list_position(['test', 'valid', 'train'], f.split), m.name, b.name
