-- One row per data set, metric, split and model: its best and its median configuration.
select x.data_set, m.name as metric, x.split, x.model, x.place,
  case when m.direction = 'max' then -x.best_loss else x.best_loss end as best,
  case when m.direction = 'max' then -x.median_loss else x.median_loss end as median,
  x.difference, x.noise_floor, x.is_noise, x.cost, x.configuration_count, s.name as search_space, b.name as benchmark
from result.landscape_model as x
join core.metric as m on m.metric_id = x.metric_id
join core.search_space as s on s.search_space_id = x.search_space_id
join core.benchmark as b on b.benchmark_id = x.benchmark_id
where x.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], x.split), m.name, x.data_set, x.place, x.model
