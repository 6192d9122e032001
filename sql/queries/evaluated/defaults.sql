-- One row per benchmark, metric and split: what the default configuration costs there.
select b.name as benchmark, m.name as metric, d.split, d.configuration_id, d.regret, d.regret_relative, d.better_share,
  d.is_noise, d.held_out_configuration_id, d.held_out_regret, d.held_out_regret_relative, d.held_out_better_share,
  d.is_held_out_noise, d.noise_floor, d.reason
from result.landscape_default as d
join core.benchmark as b on b.benchmark_id = d.benchmark_id
join core.metric as m on m.metric_id = d.metric_id
where d.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], d.split), m.name, b.name
