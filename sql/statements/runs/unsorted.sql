-- One row per run and metric of a source whose rows do not lie together with rising budgets.
-- A run whose rows do has one row that follows another run's and none that follows its own with the same or a smaller
-- budget. The windows have no order of their own: they stream, and sort nothing.
create or replace temp table hpowh_unsorted as
select run_id, metric_id
from (
  select run_id, metric_id, budget,
    lag(run_id) over () as run_before, lag(metric_id) over () as metric_before, lag(budget) over () as budget_before
  from core.trace
  where source_id = $source
)
where run_before is distinct from run_id or metric_before is distinct from metric_id or budget <= budget_before
group by run_id, metric_id
having count(*) > 1
