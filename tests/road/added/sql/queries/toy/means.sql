-- One row per analysis run of the toy: how many benchmarks have a number of classes, and its mean.
select benchmark_count, class_mean, reason
from result.toy_mean
where analysis_run_id = $run
