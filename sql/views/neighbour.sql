-- One row per directed pair of neighbours in a search space: they differ in one hyperparameter, by one level where it is ordinal, by any level where it is categorical.
with configuration as (
  select search_space_id, name as search_space, unnest(range(cardinality)) as configuration_id
  from core.search_space
),
move as (
  select
    a.search_space_id, h.position, h.name as hyperparameter, h.stride, h.cardinality,
    a.level as from_level, b.level as to_level,
    (b.level - a.level)::bigint * h.stride as step
  from core.hyperparameter_level as a
  join core.hyperparameter_level as b
    on b.search_space_id = a.search_space_id and b.position = a.position and b.level <> a.level
  join core.hyperparameter as h on h.search_space_id = a.search_space_id and h.position = a.position
  where h.kind = 'categorical' or abs(b.level - a.level) = 1
)
select
  c.search_space, c.configuration_id, c.configuration_id + m.step as neighbour_id,
  m.hyperparameter, m.from_level, m.to_level, c.search_space_id, m.position
from configuration as c
join move as m
  on m.search_space_id = c.search_space_id
  and m.from_level = (c.configuration_id // m.stride) % m.cardinality
