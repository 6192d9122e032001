-- One row per run, metric and step: its normalised regret alone, cell by cell in the order of `traces/cells`.
select normalized_regret
from traces_point order by benchmark_id, metric_id, algorithm_id, setting, run_id, step
