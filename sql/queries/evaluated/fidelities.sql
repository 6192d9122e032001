-- One row per benchmark, metric, split and fidelity below the full one.
select b.name as benchmark, m.name as metric, f.split, f.fidelity, f.spearman, f.kendall, f.shake_up, f.best_overlap_1,
  f.best_overlap_5, f.best_overlap_10, f.best_overlap_25, f.worst_overlap_10, f.importance_agreement, f.regret,
  f.noise_floor, f.is_noise, f.top_share, f.has_optimum, f.is_cheapest, f.cost_share, f.saved_share, f.reliability,
  f.configuration_count, f.reason
from result.landscape_fidelity as f
join core.benchmark as b on b.benchmark_id = f.benchmark_id
join core.metric as m on m.metric_id = f.metric_id
where f.analysis_run_id = $run and f.fidelity is distinct from f.full_fidelity
order by list_position(['test', 'valid', 'train'], f.split), m.name, b.name, f.fidelity
