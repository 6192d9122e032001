-- One row per benchmark, metric, algorithm, setting and budget: medians, quartiles and means over its runs.
select
  benchmark_id, metric_id, algorithm_id, setting, budget, any_value(step) as step,
  cast(count(loss) as integer) as run_count,
  median(sign * loss) as incumbent_median,
  quantile_cont(sign * loss, 0.25) as incumbent_q25, quantile_cont(sign * loss, 0.75) as incumbent_q75,
  median(regret) as regret_median,
  quantile_cont(regret, 0.25) as regret_q25, quantile_cont(regret, 0.75) as regret_q75,
  avg(normalized_regret) as normalized_regret_mean, stddev_samp(normalized_regret) as normalized_regret_sd,
  cast(count(block_rank) as integer) as rank_count,
  cast(avg(block_rank) as double) as rank_mean, cast(stddev_samp(block_rank) as double) as rank_sd
from traces_point
group by benchmark_id, metric_id, algorithm_id, setting, budget
order by benchmark_id, metric_id, algorithm_id, setting, budget
