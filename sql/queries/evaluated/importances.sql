-- One row per metric and split, data set and hyperparameter, by the newest analyses.
select m.name || ', ' || j.split as measured, replace(b.name, $space || '/', '') as data, i.hyperparameter,
  i.main_share, i.total_share
from mart.newest_landscape as j
join core.search_space as p on p.search_space_id = j.search_space_id
join result.landscape_importance as i using (analysis_run_id)
join core.benchmark as b on b.benchmark_id = j.benchmark_id
join core.metric as m on m.metric_id = j.metric_id
where p.name = $space and j.seed is null and i.scope = 'ranks' and i.total_share is not null
order by list_position(['test', 'valid', 'train'], j.split), measured, data, i.position
