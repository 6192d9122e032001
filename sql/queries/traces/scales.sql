-- One row per benchmark and metric: the best known and the worst loss between which regrets are normalised (a table of the session: `traces_scale`).
create or replace temp table traces_scale as
select p.benchmark_id, p.metric_id, p.sign, s.best_loss, s.worst_loss, s.found_in
from (select distinct experiment_id, benchmark_id, metric_id, sign from traces_span) as p
left join mart.benchmark_scale as s
  on s.experiment_id = p.experiment_id and s.benchmark_id = p.benchmark_id and s.metric_id = p.metric_id
