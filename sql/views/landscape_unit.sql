-- One row per unit (seed and fold) that gave a value, of the landscapes whose units gave values for different configurations: its effect. A landscape whose configurations were all measured on the same units has no row.
-- The effect is the median, over the configurations measured on every unit, of a value's distance from its
-- configuration's mean; effects sum to zero. With fewer than five such configurations it is 0: unknown.
-- No part is read twice: a part that is would be made for all landscapes before a filter to one of them is looked at.
with seen as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold,
    bit_xor(hash(configuration_id)) as configurations
  from core.evaluation
  where value is not null
  group by search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold
),
uneven as (
  select *, count(*) over of_landscape as unit_count
  from seen
  window of_landscape as (partition by search_space_id, benchmark_id, metric_id, split, fidelity)
  qualify min(configurations) over of_landscape <> max(configurations) over of_landscape
),
measured as (
  select
    e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity, e.seed, e.fold, e.value, u.unit_count,
    count(*) over of_configuration = u.unit_count as is_whole,
    list_avg(list_sort(list(e.value) over of_configuration)) as mean
  from core.evaluation as e
  join uneven as u
    on u.search_space_id = e.search_space_id and u.benchmark_id = e.benchmark_id and u.metric_id = e.metric_id
    and u.split = e.split and u.fidelity is not distinct from e.fidelity
    and u.seed is not distinct from e.seed and u.fold is not distinct from e.fold
  where e.value is not null
  window of_configuration as (
    partition by e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity, e.configuration_id
  )
),
middle as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold, any_value(unit_count) as unit_count,
    median(value - mean) filter (where is_whole) as distance, count(*) filter (where is_whole) as whole_count
  from measured
  group by search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold
),
centred as (
  -- In the order of their sizes: a sum in the order of rows differs in its last digit from one time to the next, and with
  -- it which losses are equal.
  select
    * exclude (distance),
    case when whole_count >= 5 then distance - list_avg(list_sort(list(distance) over of_landscape)) else 0.0 end as effect
  from middle
  window of_landscape as (partition by search_space_id, benchmark_id, metric_id, split, fidelity)
)
select
  search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold, effect, unit_count, whole_count,
  count(*) over of_seed as seed_unit_count, list_avg(list_sort(list(effect) over of_seed)) as seed_effect
from centred
window of_seed as (partition by search_space_id, benchmark_id, metric_id, split, fidelity, seed)
