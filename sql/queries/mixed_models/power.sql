-- One row per difference, number of benchmarks and of seeds: the simulated power.
select difference, benchmark_count, seed_count, power, lower, upper, power_low, power_analytic, replicate_count
from result.lmem_power where analysis_run_id = $run order by difference, seed_count, benchmark_count
