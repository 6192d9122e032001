-- One row per metric: its least and greatest value in runs, evaluations and trials.
select min(value), max(value)
from (
  select value from core.trace where metric_id = $metric
  union all select value from core.evaluation where metric_id = $metric
  union all select value from core.trial_metric where metric_id = $metric
)
