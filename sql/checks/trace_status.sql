-- A value is there exactly where the status is ok, and every budget is finite and not negative.
select run_id, metric_id, budget, value, status
from core.trace
where (status = 'ok') <> (value is not null) or not isfinite(coalesce(value, 0)) or not isfinite(budget) or budget < 0
