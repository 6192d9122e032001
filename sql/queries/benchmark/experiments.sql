-- One row per experiment that has runs on the benchmark.
select distinct experiment from mart.run where benchmark_id = $benchmark order by experiment
