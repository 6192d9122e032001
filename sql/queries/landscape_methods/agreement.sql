-- One row per pair of methods on the same data sets, then per method on pairs of data sets: median rank correlation of the hyperparameters' importances with its interval, and how often both name the same hyperparameter first.
select kind, method_a, method_b, benchmark_count, value_count, spearman, lower, upper, least, most, top_share, reason
from result.landscape_agreement
where analysis_run_id = $run
order by kind desc, rowid
