-- One row per conditional hyperparameter of a search space and other hyperparameter that it needs, with the levels of that one that make it active, and the number of configurations.
select position, parent_position, levels, default_level, configuration_count from mart.condition where search_space_id = $space
order by position, parent_position
