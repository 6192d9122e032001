-- One row per benchmark and metric: the best known and the worst loss between which regrets are normalised (a table of the session: `traces_scale`).
create or replace temp table traces_scale as
select
  p.benchmark_id, p.metric_id, any_value(p.sign) as sign,
  any_value(p.sign * k.value) as best_loss, max(p.loss) as worst_loss, any_value(k.found_in) as found_in
from traces_grid_point as p
left join best_known_here as k on k.benchmark_id = p.benchmark_id and k.metric_id = p.metric_id
group by p.benchmark_id, p.metric_id
