-- One row per algorithm, benchmark and setting of the experiment: its runs, those expected, and the seeds missing.
select benchmark, setting, algorithm, run_count, expected_seed_count, missing_seeds
from mart.coverage
where experiment = $experiment
order by benchmark, setting, algorithm_id
