-- A trace has one value for each metric and budget.
select run_id, metric_id, budget, count(*) as occurrences
from core.trace
group by run_id, metric_id, budget
having count(*) > 1
