-- One row per experiment (exactly one): counts of its algorithms, benchmarks, seeds and runs.
select count(distinct algorithm_id), count(distinct benchmark_id), count(distinct seed), count(*)
from mart.run where experiment = $experiment
