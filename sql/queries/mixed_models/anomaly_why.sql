-- One row per anomalous benchmark, algorithm and level: how its runs are distributed, and a test for two modes.
select benchmark, algorithm, level, budget, run_count, smallest, lower_quartile, median, upper_quartile, largest,
  standard_deviation, spread_ratio, mode_lower, mode_upper, p_two_modes, p_adjusted, reason
from result.lmem_anomaly_why where analysis_run_id = $run order by benchmark, algorithm, level
