-- One row per experiment, benchmark and metric: what regret is measured by, as losses: the best known, the worst recorded in the experiment's runs, and the least positive regret.
with recorded as (
  select
    r.experiment_id, r.benchmark_id, t.metric_id, t.value
  from core.trace as t
  join core.run as r on r.run_id = t.run_id
),
turned as (
  select
    t.experiment_id, t.benchmark_id, t.metric_id, k.found_in,
    mart.loss(t.value, k.direction) as loss, mart.loss(k.value, k.direction) as best_loss
  from recorded as t
  join mart.best_known as k on k.benchmark_id = t.benchmark_id and k.metric_id = t.metric_id
)
select
  experiment_id, benchmark_id, metric_id, any_value(found_in) as found_in,
  any_value(best_loss) as best_loss, max(loss) as worst_loss,
  min(mart.regret(loss, best_loss)) filter (where loss > best_loss) as least_regret
from turned
group by experiment_id, benchmark_id, metric_id
