-- One row per experiment, metric, algorithm and benchmark: its number and name, and a metric's direction.
select 'experiment' as kind, experiment_id as id, name, null as direction from core.experiment
union all select 'metric', metric_id, name, direction from core.metric
union all select 'algorithm', algorithm_id, name, null from core.algorithm
union all select 'benchmark', benchmark_id, name, null from core.benchmark
