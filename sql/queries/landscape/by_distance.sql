-- One row per distance from the optimum: quantiles of the losses there.
select
  optimum_distance as distance, count(*) as configurations,
  quantile_cont(loss, 0.1) as low, median(loss) as middle, quantile_cont(loss, 0.9) as high, min(loss) as lowest
from result.landscape_node where analysis_run_id = $run
group by optimum_distance order by optimum_distance
