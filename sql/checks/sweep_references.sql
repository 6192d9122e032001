-- Every sweep, its metrics and its hyperparameters refer to what is there, and a run's sweep exists.
select sweep_id, 'metric of no sweep' as reason from core.sweep_metric where sweep_id not in (select sweep_id from core.sweep)
union all
select sweep_id, 'unknown metric' from core.sweep_metric where metric_id not in (select metric_id from core.metric)
union all
select sweep_id, 'hyperparameter of no sweep' from core.sweep_parameter where sweep_id not in (select sweep_id from core.sweep)
union all
select sweep_id, 'unknown benchmark' from core.sweep
where benchmark_id is not null and benchmark_id not in (select benchmark_id from core.benchmark)
union all
select sweep_id, 'unknown search space' from core.sweep
where search_space_id is not null and search_space_id not in (select search_space_id from core.search_space)
union all
select sweep_id, 'unknown source' from core.sweep where source_id not in (select source_id from core.source)
union all
select sweep_id, 'sweep of a run is missing' from core.run
where sweep_id is not null and sweep_id not in (select sweep_id from core.sweep)
