-- One row per configuration of a landscape: the mean of its values over equal seeds and folds, and its loss (minimised). NULL where it failed on a seed or fold on which others did not; where it was not measured on all, the effects of those it has are taken out.
-- The mean does not depend on the order of rows, so ties stay ties.
-- Names are joined before grouping, so that a filter on them reaches the facts.
select
  sp.name as search_space, b.name as benchmark, m.name as metric, e.split, e.fidelity, e.configuration_id,
  mart.unit_mean(e.value, u.effect, u.unit_count, 0.0) as value,
  mart.loss(mart.unit_mean(e.value, u.effect, u.unit_count, 0.0), m.direction) as loss,
  stddev_samp(e.value) as value_sd,
  count(e.value) as ok_count,
  count(*) as evaluation_count,
  coalesce(any_value(u.unit_count), count(e.value)) as unit_count,
  e.search_space_id, e.benchmark_id, e.metric_id
from core.evaluation as e
join core.search_space as sp on sp.search_space_id = e.search_space_id
join core.benchmark as b on b.benchmark_id = e.benchmark_id
join core.metric as m on m.metric_id = e.metric_id
left join mart.landscape_unit as u
  on u.search_space_id = e.search_space_id and u.benchmark_id = e.benchmark_id and u.metric_id = e.metric_id
  and u.split = e.split and u.fidelity is not distinct from e.fidelity
  and u.seed is not distinct from e.seed and u.fold is not distinct from e.fold
group by
  sp.name, b.name, m.name, m.direction, e.split, e.fidelity, e.configuration_id,
  e.search_space_id, e.benchmark_id, e.metric_id
