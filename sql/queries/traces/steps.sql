-- One row per recorded budget: the first step of the common axis that is not below it (a table of the session: `traces_step`).
create or replace temp table traces_step as
select b.benchmark_id, b.metric_id, b.budget, g.step
from traces_budget as b
asof join traces_grid as g
  on g.benchmark_id = b.benchmark_id and g.metric_id = b.metric_id and b.budget <= g.budget
