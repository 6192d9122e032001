-- One row per algorithm, benchmark and setting of the experiment: its runs, the seeds expected, and those missing.
select benchmark, setting, algorithm, run_count, expected_seed_count, missing_seeds
from mart.coverage where experiment_id = $experiment
