-- One row per measurement on a landscape that has a value; a unit is one seed and fold.
with measured as (
  select e.configuration_id, e.seed, e.fold, case when m.direction = 'max' then -e.value else e.value end as loss
  from core.evaluation as e
  join core.metric as m on m.metric_id = e.metric_id
  where e.search_space_id = $space and e.benchmark_id = $benchmark and e.metric_id = $metric and e.split = $split
    and e.fidelity is not distinct from $fidelity and e.value is not null
),
unit as (
  select seed, fold, row_number() over (order by seed, fold) - 1 as unit from (select distinct seed, fold from measured)
)
select n.configuration_id, u.unit, n.loss
from measured as n
join unit as u on u.seed is not distinct from n.seed and u.fold is not distinct from n.fold
