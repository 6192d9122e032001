-- One row per benchmark of an experiment: the best and the worst loss of a metric, and the least regret above none.
select benchmark_id, best_loss, worst_loss, least_regret from mart.benchmark_scale
where metric_id = $metric and experiment_id = $experiment order by benchmark_id
