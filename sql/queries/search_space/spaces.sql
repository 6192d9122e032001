-- One row per search space.
select search_space_id, name, cardinality from core.search_space order by name
