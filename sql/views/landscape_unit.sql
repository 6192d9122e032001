-- One row per unit (seed and fold) that gave a value, of the landscapes whose units gave values for different configurations: its effect. A landscape whose configurations were all measured on the same units has no row.
-- The effect is the median, over the configurations measured on every unit, of a value's distance from its
-- configuration's mean; effects sum to zero. With fewer than five such configurations it is 0: unknown.
with unit as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold,
    bit_xor(hash(configuration_id)) as configurations
  from core.evaluation
  where value is not null
  group by search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold
),
uneven as (
  select search_space_id, benchmark_id, metric_id, split, fidelity, count(*) as unit_count
  from unit
  group by search_space_id, benchmark_id, metric_id, split, fidelity
  having min(configurations) <> max(configurations)
),
mean as (
  select
    e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity, e.configuration_id, list_avg(list_sort(list(e.value))) as value
  from core.evaluation as e
  join uneven as u
    on u.search_space_id = e.search_space_id and u.benchmark_id = e.benchmark_id and u.metric_id = e.metric_id
    and u.split = e.split and u.fidelity is not distinct from e.fidelity
  group by
    e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity, e.configuration_id, u.unit_count
  having count(e.value) = u.unit_count
),
middle as (
  select
    e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity, e.seed, e.fold,
    median(e.value - m.value) as distance, count(*) as whole_count
  from core.evaluation as e
  join mean as m
    on m.search_space_id = e.search_space_id and m.benchmark_id = e.benchmark_id and m.metric_id = e.metric_id
    and m.split = e.split and m.fidelity is not distinct from e.fidelity and m.configuration_id = e.configuration_id
  where e.value is not null
  group by e.search_space_id, e.benchmark_id, e.metric_id, e.split, e.fidelity, e.seed, e.fold
),
level as (
  -- In the order of their sizes: a sum in the order of rows differs in its last digit from one time to the next, and with
  -- it which losses are equal.
  select search_space_id, benchmark_id, metric_id, split, fidelity, list_avg(list_sort(list(distance))) as distance
  from middle
  group by search_space_id, benchmark_id, metric_id, split, fidelity
),
centred as (
  select
    u.*, v.unit_count, coalesce(m.whole_count, 0) as whole_count,
    case when m.whole_count >= 5 then m.distance - l.distance else 0.0 end as effect
  from unit as u
  join uneven as v
    on v.search_space_id = u.search_space_id and v.benchmark_id = u.benchmark_id and v.metric_id = u.metric_id
    and v.split = u.split and v.fidelity is not distinct from u.fidelity
  left join middle as m
    on m.search_space_id = u.search_space_id and m.benchmark_id = u.benchmark_id and m.metric_id = u.metric_id
    and m.split = u.split and m.fidelity is not distinct from u.fidelity
    and m.seed is not distinct from u.seed and m.fold is not distinct from u.fold
  left join level as l
    on l.search_space_id = u.search_space_id and l.benchmark_id = u.benchmark_id and l.metric_id = u.metric_id
    and l.split = u.split and l.fidelity is not distinct from u.fidelity
)
select
  search_space_id, benchmark_id, metric_id, split, fidelity, seed, fold, effect, unit_count, whole_count,
  count(*) over of_seed as seed_unit_count, list_avg(list_sort(list(effect) over of_seed)) as seed_effect
from centred
window of_seed as (partition by search_space_id, benchmark_id, metric_id, split, fidelity, seed)
