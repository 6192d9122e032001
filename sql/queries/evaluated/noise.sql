-- One row per benchmark, metric and split: how much of the differences is noise.
select b.name as benchmark, m.name as metric, n.split, n.noise_floor, n.residual_sd, n.within_count,
  100 * n.within_count / n.configuration_count as within_percent, n.reliability, n.unit_count, n.fold_count,
  n.configuration_count, n.reason
from result.landscape_noise as n
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.metric as m on m.metric_id = n.metric_id
where n.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], n.split), m.name, b.name
