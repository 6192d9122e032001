-- One row per search space.
select search_space_id, name, configuration_count from mart.search_space order by name
