-- One row per run of a table: its experiment, algorithm and benchmark by their numbers.
insert into core.run
select s.run_id, x.experiment_id, a.algorithm_id, b.benchmark_id, s.k_seed, null, $source
from hpowh_run as s
join core.experiment as x on x.name = s.k_experiment
join core.algorithm as a on a.name = s.k_algorithm
join core.benchmark as b on b.name = s.k_benchmark
