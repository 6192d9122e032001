-- One row per directed pair of neighbouring configurations of a search space, evaluated or not: they differ in one hyperparameter, by one level where it is ordinal, by any level where it is categorical. What is inactive stands at its default, so it has no moves, and a move that makes it active arrives there.
with rule as (
  -- A cell that breaks one of these is no configuration: something inactive has another level than its default.
  select
    c.search_space_id,
    list({
      parent_stride: c.parent_stride, parent_cardinality: c.parent_cardinality, levels: c.levels,
      stride: h.stride, cardinality: h.cardinality, default_level: c.default_level
    }) as rules
  from mart.condition as c
  join core.hyperparameter as h on h.search_space_id = c.search_space_id and h.position = c.position
  group by c.search_space_id
),
cell as (
  select
    s.search_space_id, s.name as search_space, r.rules, unnest(range(s.cardinality)) as configuration_id
  from core.search_space as s
  left join rule as r on r.search_space_id = s.search_space_id
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
from cell as c
join move as m
  on m.search_space_id = c.search_space_id
  and m.from_level = (c.configuration_id // m.stride) % m.cardinality
where c.rules is null
  or (mart.is_configuration(c.configuration_id, c.rules) and mart.is_configuration(c.configuration_id + m.step, c.rules))
