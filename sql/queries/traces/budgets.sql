-- One row per budget that any run recorded on a benchmark, per metric (a table of the session: `traces_budget`).
create or replace temp table traces_budget as
select distinct s.benchmark_id, s.metric_id, t.budget
from core.trace as t
join traces_span as s on s.run_id = t.run_id and s.metric_id = t.metric_id
